import { equal } from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { eventually } from '@portico/testkit'
import t from 'tap'
import { sweepBlobs } from '../src/blobs/sweep.ts'
import { person, startFileService } from './file.ts'

const service = await startFileService(t, 100_000)
const { call, upload, context } = service
const incoming = () => readdir(join(context.config.root, 'incoming'))

t.test('an upload is stored, described, read whole and in part', async t => {
  const owner = person()
  const uploaded = await upload(owner, 'hello world', 'grüße.txt', { folder: '/letters', visibility: 'public' })
  t.equal(uploaded.status, 201)
  const file = uploaded.json
  t.match(file, {
    ownerId: owner.userId,
    name: 'grüße.txt',
    folder: '/letters',
    type: 'text/plain',
    sizeBytes: 11,
    sha256: createHash('sha256').update('hello world').digest('hex'),
    visibility: 'public',
    image: null,
  })
  t.equal(uploaded.headers.get('location'), `/v1/files/${file.id}`)

  const whole = await call('GET', `/v1/files/${file.id}/content`)
  t.equal(String(whole.bytes), 'hello world')
  t.match(Object.fromEntries(whole.headers), {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': '11',
    'accept-ranges': 'bytes',
    etag: `"${file.sha256}"`,
    'x-content-type-options': 'nosniff',
    'content-disposition': /^inline; .*filename\*=UTF-8''gr%C3%BC%C3%9Fe\.txt$/,
  })
  const part = await call('GET', `/v1/files/${file.id}/content`, { headers: { range: 'bytes=6-' } })
  t.equal(part.status, 206)
  t.equal(part.headers.get('content-range'), 'bytes 6-10/11')
  t.equal(String(part.bytes), 'world')
  const outside = await call('GET', `/v1/files/${file.id}/content`, { headers: { range: 'bytes=11-' } })
  t.equal(outside.status, 416)
  t.equal(outside.headers.get('content-range'), 'bytes */11')
  t.match(outside.json, { code: 'range_not_satisfiable' })
  const changed = await call('GET', `/v1/files/${file.id}/content`, {
    headers: { range: 'bytes=6-', 'if-range': '"other"' },
  })
  t.equal(changed.status, 200)
  const known = await call('GET', `/v1/files/${file.id}/content`, { headers: { 'if-none-match': `"${file.sha256}"` } })
  t.equal(known.status, 304)
  const head = await call('HEAD', `/v1/files/${file.id}/content`)
  t.equal(head.headers.get('content-length'), '11')
})

t.test('a private file is its owner’s alone; a write is the owner’s alone', async t => {
  const [owner, other] = [person(), person()]
  const { id } = (await upload(owner, 'secret')).json
  for (const path of [`/v1/files/${id}`, `/v1/files/${id}/content`, `/v1/files/${id}/image`]) {
    t.equal((await call('GET', path)).status, 404, `${path} for strangers`)
    t.equal((await call('GET', path, { as: other })).status, 404, `${path} for others`)
  }
  t.equal((await call('GET', `/v1/files/${id}`, { as: owner })).status, 200)
  const patch = { body: { visibility: 'public' } }
  t.equal((await call('PATCH', `/v1/files/${id}`, patch)).status, 401)
  t.equal((await call('PATCH', `/v1/files/${id}`, { ...patch, as: other })).status, 404)
  t.equal((await call('DELETE', `/v1/files/${id}`, { as: other })).status, 404)
  t.equal((await call('PATCH', `/v1/files/${id}`, { ...patch, as: owner })).status, 200)
  t.equal((await call('GET', `/v1/files/${id}`)).status, 200, 'public now')
  for (const [method, path] of [
    ['POST', '/v1/files'],
    ['GET', '/v1/files'],
    ['GET', '/v1/me/usage'],
  ] as const)
    t.match((await call(method, path)).json, { status: 401, code: 'not_signed_in' }, `${method} ${path}`)
})

t.test('one body is stored once, and goes with the last file that names it', async t => {
  const owner = person()
  const [first, second] = await Promise.all(
    ['a.txt', 'b.txt'].map(async name => (await upload(owner, 'the same', name)).json),
  )
  t.equal(first.sha256, second.sha256)
  t.match((await call('GET', '/v1/me/usage', { as: owner })).json, { files: 2, usedBytes: 16 })
  t.equal((await call('DELETE', `/v1/files/${first.id}`, { as: owner })).status, 204)
  await sweepBlobs(context)
  t.equal(String((await call('GET', `/v1/files/${second.id}/content`, { as: owner })).bytes), 'the same')
  t.equal((await call('DELETE', `/v1/files/${second.id}`, { as: owner })).status, 204)
  t.ok(await context.blobs.exists(first.sha256), 'until it is swept')
  await sweepBlobs(context)
  t.notOk(await context.blobs.exists(first.sha256))
  t.match((await call('GET', '/v1/me/usage', { as: owner })).json, { files: 0, usedBytes: 0 })
})

t.test('uploads and sweeps of one body, all at once, lose nothing that was acknowledged', async t => {
  const owner = person()
  for (let round = 0; round < 10; round++) {
    const [uploaded] = await Promise.all([upload(owner, 'contended'), sweepBlobs(context), sweepBlobs(context)])
    const { id } = uploaded.json
    t.equal(String((await call('GET', `/v1/files/${id}/content`, { as: owner })).bytes), 'contended')
    const [, again] = await Promise.all([
      call('DELETE', `/v1/files/${id}`, { as: owner }),
      upload(owner, 'contended'),
      sweepBlobs(context),
    ])
    const next = again.json
    await sweepBlobs(context)
    t.equal(String((await call('GET', `/v1/files/${next.id}/content`, { as: owner })).bytes), 'contended')
    await call('DELETE', `/v1/files/${next.id}`, { as: owner })
  }
})

t.test('the quota holds, also against uploads at once', async t => {
  const owner = person()
  const outcomes = await Promise.all(Array.from({ length: 5 }, (_, index) => upload(owner, `${index}`.repeat(40_000))))
  t.strictSame(outcomes.map(({ status }) => status).sort(), [201, 201, 507, 507, 507])
  const refused = outcomes.find(({ status }) => status === 507)
  t.match(refused?.json, { code: 'quota_exceeded' })
  t.match((await call('GET', '/v1/me/usage', { as: owner })).json, { usedBytes: 80_000, quotaBytes: 100_000 })
  t.strictSame(await incoming(), [], 'nothing is left on the disk')
})

t.test('a repeat with the same key is one file; with other bytes it is refused', async t => {
  const owner = person()
  const send = (bytes: string) => {
    const form = new FormData()
    form.set('file', new Blob([bytes]), 'note.txt')
    return call('POST', '/v1/files', { as: owner, body: form, headers: { 'idempotency-key': 'one' } })
  }
  const first = (await send('note')).json
  const again = await send('note')
  t.equal(again.headers.get('idempotent-replayed'), 'true')
  t.strictSame(again.json, first)
  t.match((await send('other')).json, { status: 422, code: 'idempotency_key_reused' })
  t.match((await call('GET', '/v1/me/usage', { as: owner })).json, { files: 1 })
})

t.test('own files, by folder and by body, page by page', async t => {
  const owner = person()
  for (let index = 0; index < 5; index++)
    await upload(owner, `${index}`, `${index}.txt`, { folder: index < 4 ? '/a' : '/b' })
  const names: string[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: { items: { name: string }[]; nextCursor: string | null } = (
      await call('GET', `/v1/files?folder=/a&limit=3${cursor && `&cursor=${cursor}`}`, { as: owner })
    ).json
    names.push(...page.items.map(({ name }) => name))
    cursor = page.nextCursor
  }
  t.strictSame(names, ['3.txt', '2.txt', '1.txt', '0.txt'])
  const sha256 = createHash('sha256').update('4').digest('hex')
  t.match((await call('GET', `/v1/files?sha256=${sha256}`, { as: owner })).json, { items: [{ name: '4.txt' }] })
})

t.test('a form that no browser makes is the sender’s mistake, and leaves nothing', async t => {
  const owner = person()
  const part = '--B\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\nbytes\r\n'
  const long = 'B'.repeat(2_000)
  const cases: [type: string, body: string, code: string][] = [
    ['multipart/form-data; boundary=B', part, 'malformed_body'],
    ['multipart/form-data; boundary=B', part.slice(0, -9), 'malformed_body'],
    ['multipart/form-data; boundary=B', part.slice(0, 30), 'malformed_body'],
    ['multipart/form-data; boundary=B', 'no form at all', 'malformed_body'],
    ['multipart/form-data', part, 'malformed_body'],
    [`multipart/form-data; boundary=${long}`, part.replaceAll('--B', `--${long}`), 'malformed_body'],
    ['multipart/form-data; boundary=B', '--B--\r\n', 'file_missing'],
    ['multipart/form-data; boundary=B', `${part}${part}--B--\r\n`, 'file_missing'],
  ]
  for (const [type, body, code] of cases) {
    const answered = await call('POST', '/v1/files', { as: owner, body, headers: { 'content-type': type } })
    t.match(answered.json, { status: 400, code }, `${type.slice(0, 40)} ${body.slice(-20)}`)
  }
  t.match((await call('GET', '/v1/me/usage', { as: owner })).json, { files: 0, usedBytes: 0 })
  t.strictSame(await incoming(), [])
})

t.test('names that would harm are refused or lose what harms', async t => {
  const owner = person()
  t.match((await upload(owner, 'x', '../../etc/passwd')).json, { name: 'passwd' })
  t.match((await upload(owner, 'x', 'C:\\evil\\note.txt')).json, { name: 'note.txt' })
  const cases: [Record<string, string>, string][] = [
    [{ folder: '/a/../b' }, '#/folder'],
    [{ folder: 'relative' }, '#/folder'],
    [{ folder: '/a/' }, '#/folder'],
    [{ name: 'a/b' }, '#/name'],
    [{ name: '..' }, '#/name'],
    [{ visibility: 'everyone' }, '#/visibility'],
    [{ unknown: 'field' }, '#/unknown'],
  ]
  for (const [fields, pointer] of cases)
    t.match((await upload(owner, 'x', 'x', fields)).json, {
      status: 400,
      code: 'invalid_input',
      errors: [{ pointer }],
    })
  t.strictSame(await incoming(), [])
})

t.test('a page that a stranger uploaded does not run here', async t => {
  const owner = person()
  const page = '<html><script>alert(1)</script></html>'
  const { id } = (await upload(owner, page, 'x.html', { visibility: 'public' })).json
  const answer = await call('GET', `/v1/files/${id}/content`)
  t.match(answer.headers.get('content-disposition'), /^attachment/)
  t.match(answer.headers.get('content-security-policy'), /sandbox/)
})

t.test('wrong input has a name', async t => {
  const owner = person()
  const cases: [string, string, object | string | FormData | undefined, number, string][] = [
    ['POST', '/v1/files', {}, 415, 'unsupported_media_type'],
    ['POST', '/v1/files', new FormData(), 400, 'file_missing'],
    ['GET', '/v1/files?cursor=nonsense', undefined, 400, 'invalid_cursor'],
    ['GET', '/v1/files?limit=0', undefined, 400, 'invalid_input'],
    ['GET', '/v1/files/not-an-id', undefined, 400, 'invalid_input'],
    ['GET', '/v1/files/0190b5a4-0000-7000-8000-000000000000', undefined, 404, 'file_not_found'],
    ['PATCH', '/v1/files/0190b5a4-0000-7000-8000-000000000000', {}, 400, 'invalid_input'],
    ['PATCH', '/v1/files/0190b5a4-0000-7000-8000-000000000000', '{', 400, 'malformed_body'],
    ['PATCH', '/v1/files/0190b5a4-0000-7000-8000-000000000000', { name: 7 }, 400, 'invalid_input'],
    ['PATCH', '/v1/files/0190b5a4-0000-7000-8000-000000000000', { ownerId: 'x' }, 400, 'invalid_input'],
    ['DELETE', '/v1/files/0190b5a4-0000-7000-8000-000000000000', undefined, 404, 'file_not_found'],
    ['GET', '/v1/files/0190b5a4-0000-7000-8000-000000000000/image?w=0', undefined, 400, 'invalid_input'],
    ['PUT', '/v1/files', {}, 405, 'method_not_allowed'],
  ]
  for (const [method, path, body, status, code] of cases) {
    const answer = await call(method, path, { as: owner, ...(body === undefined ? {} : { body }) })
    t.match(answer.json, { status, code }, `${method} ${path} ${JSON.stringify(body)}`)
    t.match(answer.headers.get('content-type'), 'application/problem+json')
  }
})

t.test('an upload that breaks off leaves nothing behind', async t => {
  const owner = person()
  const url = new URL('/v1/files', service.base)
  const broken = request(url, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await service.tokenOf(owner)}`,
      'content-type': 'multipart/form-data; boundary=b',
      'content-length': '1000000',
    },
  })
  broken.on('error', () => {})
  broken.write('--b\r\ncontent-disposition: form-data; name="file"; filename="x"\r\n\r\nhalf of it')
  await eventually(async () => equal((await incoming()).length, 1))
  broken.destroy()
  await eventually(async () => equal((await incoming()).length, 0))
  t.match((await call('GET', '/v1/me/usage', { as: owner })).json, { files: 0 })
})

t.end()
