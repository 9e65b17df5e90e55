import { randomUUID } from 'node:crypto'
import t from 'tap'
import { draftOf, person, startContent } from './service.ts'

t.test('a repeated POST', async t => {
  const content = await startContent(t)
  const { call } = content
  const as = person()
  const listed = async () => (await call('GET', '/v1/me/posts', { as })).body.items.length

  t.test('gets the first answer again, and has one effect', async t => {
    const request = { as, headers: { 'idempotency-key': randomUUID() }, body: { title: 'Once', body: 'x' } }
    const first = await call('POST', '/v1/posts', request)
    const again = await call('POST', '/v1/posts', request)
    t.equal(first.status, 201)
    t.equal(again.status, 201)
    t.same(again.body, first.body)
    t.equal(again.headers.get('etag'), first.headers.get('etag'))
    t.equal(again.headers.get('location'), first.headers.get('location'))
    t.equal(first.headers.get('idempotent-replayed'), null)
    t.equal(again.headers.get('idempotent-replayed'), 'true')
    t.equal(await listed(), 1)
  })

  t.test('with another body under the same key is refused', async t => {
    const headers = { 'idempotency-key': randomUUID() }
    await call('POST', '/v1/posts', { as, headers, body: { title: 'One', body: '' } })
    const other = await call('POST', '/v1/posts', { as, headers, body: { title: 'Other', body: '' } })
    t.match(other, { status: 422, body: { code: 'idempotency_key_reused' } })
  })

  t.test('belongs to whoever sent it: another account’s same key is another request', async t => {
    const headers = { 'idempotency-key': randomUUID() }
    const body = { title: 'Same', body: '' }
    const mine = await call('POST', '/v1/posts', { as, headers, body })
    const theirs = await call('POST', '/v1/posts', { as: person(), headers, body })
    t.equal(theirs.status, 201)
    t.not(theirs.body.id, mine.body.id)
  })

  t.test('sent many times at once has one effect; those that meet the first are told to wait', async t => {
    const { id } = await draftOf(content, as, { title: 'Busy' })
    await call('POST', `/v1/posts/${id}/publish`, { as })
    const request = { as, headers: { 'idempotency-key': randomUUID() }, body: { body: 'Me first' } }
    const path = `/v1/posts/${id}/comments`
    const answers = await Promise.all(Array.from({ length: 10 }, () => call('POST', path, request)))
    const statuses = new Set(answers.map(({ status }) => status))
    t.ok([...statuses].every(status => status === 201 || status === 409))
    t.ok(statuses.has(201))
    for (const { body } of answers.filter(({ status }) => status === 409)) t.equal(body.code, 'request_in_flight')
    t.equal((await call('GET', path)).body.items.length, 1)
    t.equal((await call('GET', `/v1/posts/${id}`)).body.counts.comments, 1)
  })

  t.test('that was refused leaves nothing, and may be tried again under its key', async t => {
    const { id } = await draftOf(content, as, { title: 'Not out yet' })
    const request = { as, headers: { 'idempotency-key': randomUUID() }, body: { body: 'Early' } }
    t.equal((await call('POST', `/v1/posts/${id}/comments`, request)).status, 404)
    await call('POST', `/v1/posts/${id}/publish`, { as })
    t.equal((await call('POST', `/v1/posts/${id}/comments`, request)).status, 201)
  })
})
