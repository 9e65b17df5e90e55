import { FollowAdded, FollowRemoved } from '@portico/contracts/user'
import t from 'tap'
import { eventsOf, newPerson, startService } from './service.ts'

const service = await startService(t)
const { call } = service

t.test('a stranger sees the profile, and a gateway may keep it', async t => {
  const person = await newPerson(service, 'seen')
  const { status, headers, body } = await call('GET', `/v1/users/${person.handle}`)
  t.match(
    { status, body },
    { status: 200, body: { id: person.id, name: 'The seen', followed: null, followerCount: 0 } },
  )
  t.match(headers, { 'cache-tag': `user:${person.id}`, 'cache-control': 'public, max-age=5' })
  t.notOk(JSON.stringify(body).includes('@'), 'no address')
})

t.test('follow and unfollow are idempotent, counted, and told once', async t => {
  const [fan, star] = [await newPerson(service, 'fan'), await newPerson(service, 'star')]
  const url = `/v1/users/${star.handle}/follow`
  const answers = await Promise.all(Array.from({ length: 4 }, () => call('PUT', url, { as: fan.accessToken })))
  t.same(
    answers.map(({ status }) => status),
    [204, 204, 204, 204],
  )
  const seen = await call('GET', `/v1/users/${star.handle}`, { as: fan.accessToken })
  t.match(seen.body, { followed: true, followerCount: 1, followingCount: 0 })
  t.match(seen.headers, { 'cache-control': 'private, no-cache', 'cache-tag': undefined })
  const added = (await eventsOf(service, FollowAdded)).filter(({ followerId }) => followerId === fan.id)
  t.match(added, [{ followedId: star.id }])

  t.equal((await call('DELETE', url, { as: fan.accessToken })).status, 204)
  t.equal((await call('DELETE', url, { as: fan.accessToken })).status, 204)
  t.match((await call('GET', `/v1/users/${star.handle}`)).body, { followerCount: 0 })
  const removed = (await eventsOf(service, FollowRemoved)).filter(({ followerId }) => followerId === fan.id)
  t.equal(removed.length, 1)
})

t.test('nobody follows themselves, or who is not there', async t => {
  const { handle, accessToken: as } = await newPerson(service)
  t.match(await call('PUT', `/v1/users/${handle}/follow`, { as }), {
    status: 422,
    body: { code: 'cannot_follow_yourself' },
  })
  t.match(await call('PUT', '/v1/users/nobody/follow', { as }), { status: 404, body: { code: 'user_not_found' } })
})

t.test('two that follow each other at once do not block each other', async t => {
  const other = await service.replica()
  const [a, b] = [await newPerson(service), await newPerson(service)]
  for (let round = 0; round < 5; round += 1) {
    for (const method of ['PUT', 'DELETE'] as const) {
      const answers = await Promise.all([
        service.call(method, `/v1/users/${b.handle}/follow`, { as: a.accessToken }),
        other.call(method, `/v1/users/${a.handle}/follow`, { as: b.accessToken }),
      ])
      t.same(
        answers.map(({ status }) => status),
        [204, 204],
      )
    }
  }
  t.match((await call('GET', `/v1/users/${a.handle}`)).body, { followerCount: 0, followingCount: 0 })
})

t.test('followers and following, a page at a time, stable under new ones', async t => {
  const star = await newPerson(service, 'listed')
  const fans = []
  for (let i = 0; i < 5; i += 1) fans.push(await newPerson(service, 'lister'))
  for (const fan of fans) await call('PUT', `/v1/users/${star.handle}/follow`, { as: fan.accessToken })
  const first = await call('GET', `/v1/users/${star.handle}/followers?limit=2`)
  t.match(first.headers, {
    link: `</v1/users/${star.handle}/followers?limit=2&cursor=${first.body.nextCursor}>; rel="next"`,
  })

  const late = await newPerson(service, 'late')
  await call('PUT', `/v1/users/${star.handle}/follow`, { as: late.accessToken })
  const handles = first.body.items.map(({ handle }: { handle: string }) => handle)
  for (let cursor = first.body.nextCursor; cursor; ) {
    const { body } = await call('GET', `/v1/users/${star.handle}/followers?limit=2&cursor=${cursor}`)
    handles.push(...body.items.map(({ handle }: { handle: string }) => handle))
    cursor = body.nextCursor
  }
  t.same(handles, fans.map(({ handle }) => handle).reverse(), 'latest first, none twice, none left out')
  const { body } = await call('GET', `/v1/users/${late.handle}/following`)
  t.match(body, { items: [{ handle: star.handle }], nextCursor: null })

  const wrongList = await call('GET', `/v1/users/${star.handle}/following?cursor=${first.body.nextCursor}`)
  t.match(wrongList, { status: 400, body: { code: 'invalid_cursor' } })
})

t.end()
