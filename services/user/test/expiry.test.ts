import { untilDone } from '@portico/chassis'
import t from 'tap'
import { removeExpired } from '../src/db/remove-expired.ts'

import { newPerson, startService } from './service.ts'

const service = await startService(t)
const { call, clock, context } = service
const { kysely } = context.database
const day = 24 * 60 * 60_000

async function countOf(
  table: 'sign_ups' | 'sessions' | 'session_tokens' | 'attempts' | 'retired_handles' | 'revocations',
) {
  const { count } = await kysely
    .selectFrom(table)
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return count
}
const sweep = () => untilDone(new AbortController().signal, 2, limit => removeExpired(kysely, clock(), limit))

t.test('what nobody needs any more is removed, in batches; what is needed stays', async t => {
  const people = []
  for (let n = 0; n < 5; n += 1) people.push(await newPerson(service))
  const [person] = people
  if (!person) throw new Error('nobody')
  await call('PATCH', '/v1/me', { as: person.accessToken, body: { handle: 'moved-on' } })
  await call('POST', '/v1/sessions', { body: { email: 'guess@example.com', password: 'wrong' } })
  await call('DELETE', '/v1/sessions/current', { as: people[1]?.accessToken })
  const pending = { email: 'slow@example.com', handle: 'slow', name: 'Slow', password: 'marmot under the violet sofa' }
  await call('POST', '/v1/users', { body: pending })

  await sweep()
  const before = await Promise.all([
    countOf('sign_ups'),
    countOf('sessions'),
    countOf('attempts'),
    countOf('revocations'),
  ])
  t.same(before, [1, 5, 2, 1], 'all of it is of use still')

  clock.advance(day + 1)
  await sweep()
  t.same(await Promise.all([countOf('sign_ups'), countOf('attempts'), countOf('revocations')]), [0, 0, 0])
  t.equal(await countOf('session_tokens'), 5, 'refresh tokens, and the operator’s')
  t.equal(await countOf('retired_handles'), 1)

  clock.advance(90 * day)
  await sweep()
  t.same(await Promise.all([countOf('sessions'), countOf('session_tokens'), countOf('retired_handles')]), [1, 1, 0])
})

t.end()
