import { isConstraint, isTimeout } from '@portico/database'
import { eventually, stopwatch } from '@portico/testkit'
import { sql } from 'kysely'
import t from 'tap'
import { open, openTest } from './database.ts'

t.test('values come back as what they are', async t => {
  const { database } = await openTest(t)
  const { rows } = await sql`select 42::int8 as count, 9007199254740993::int8 as beyond, '2026-11-23'::date as day,
    '2026-11-23T12:00:00.123Z'::timestamptz as at, array['a', 'b c', null] as tags, 1.5::numeric as price,
    array['01890000-0000-7000-8000-000000000000']::uuid[] as ids, '{"a":1}'::jsonb as json`.execute(database.kysely)
  t.strictSame(rows, [
    {
      count: 42,
      beyond: 9007199254740993n,
      day: '2026-11-23',
      at: new Date('2026-11-23T12:00:00.123Z'),
      tags: ['a', 'b c', null],
      price: '1.5',
      ids: ['01890000-0000-7000-8000-000000000000'],
      json: { a: 1 },
    },
  ])
  const { rows: zone } = await sql`show timezone`.execute(database.kysely)
  t.match(zone, [{ TimeZone: 'UTC' }])
})

t.test('a transaction takes effect as a whole or not at all', async t => {
  const { database } = await openTest(t)
  await database.transaction(trx => trx.insertInto('posts').values({ id: 1, title: 'kept' }).execute())
  const failing = database.transaction(async trx => {
    await trx.insertInto('posts').values({ id: 2, title: 'lost' }).execute()
    throw new Error('no')
  })
  await t.rejects(failing, { message: 'no' })
  t.strictSame(await database.kysely.selectFrom('posts').selectAll().execute(), [{ id: 1, title: 'kept' }])
  t.equal(database.usage().inUse, 0)
})

t.test('a transaction whose failure was swallowed does not pretend to have committed', async t => {
  const { database } = await openTest(t)
  const swallowed = database.transaction(async trx => {
    await trx.insertInto('posts').values({ id: 1, title: 'first' }).execute()
    await sql`select 1 / 0`.execute(trx).catch(() => {})
  })
  await t.rejects(swallowed, { name: 'AbortedTransactionError' })
  t.strictSame(await database.kysely.selectFrom('posts').selectAll().execute(), [])
})

t.test('hooks run after the commit, and only then', async t => {
  const { database } = await openTest(t)
  const seen: string[] = []
  const answer = await database.transaction(async trx => {
    await trx.insertInto('posts').values({ id: 1, title: 'a' }).execute()
    database.afterCommit(trx, async () => {
      const rows = await database.kysely.selectFrom('posts').selectAll().execute()
      seen.push(`committed ${rows.length}`)
    })
    database.afterCommit(trx, () => {
      throw new Error('nobody hears of this')
    })
    database.afterCommit(trx, () => Promise.reject(new Error('nor of this')))
    t.strictSame(seen, [])
    return 'answer'
  })
  t.equal(answer, 'answer')
  await eventually(() => seen.length === 1)
  t.strictSame(seen, ['committed 1'])

  const aborted = database.transaction(async trx => {
    database.afterCommit(trx, () => seen.push('never'))
    throw new Error('no')
  })
  await t.rejects(aborted)
  await database.transaction(async trx => {
    t.throws(() => database.afterCommit(Object.create(trx), () => {}), TypeError)
  })
  t.strictSame(seen, ['committed 1'])
})

t.test('a constraint is recognised by its name', async t => {
  const { database } = await openTest(t)
  const post = { id: 1, title: 'a' }
  await database.kysely.insertInto('posts').values(post).execute()
  const error = await database.kysely
    .insertInto('posts')
    .values(post)
    .execute()
    .catch(error => error)
  t.ok(isConstraint(error, 'posts_pkey'))
  t.notOk(isConstraint(error, 'posts_title_key'))
  t.notOk(isConstraint(new Error('posts_pkey'), 'posts_pkey'))
})

t.test('serialization failures are tried again when asked for, and not forever', async t => {
  const { database } = await openTest(t, { poolSize: 10 })
  await database.kysely.insertInto('posts').values({ id: 1, title: '0' }).execute()
  const increment = (retries: number) =>
    database.transaction(
      async trx => {
        const { title } = await trx.selectFrom('posts').select('title').where('id', '=', 1).executeTakeFirstOrThrow()
        const next = String(Number(title) + 1)
        await trx.updateTable('posts').set({ title: next }).where('id', '=', 1).execute()
      },
      { isolation: 'serializable', retries },
    )
  await Promise.all(Array.from({ length: 8 }, () => increment(50)))
  t.strictSame(await database.kysely.selectFrom('posts').select('title').execute(), [{ title: '8' }])

  const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => increment(0)))
  const failed = outcomes.filter(outcome => outcome.status === 'rejected')
  t.ok(failed.length > 0, 'not by default')
  t.ok(failed.every(({ reason }) => reason.code === '40001'))
})

t.test('statements and waits for locks end in time', async t => {
  const { database, url } = await openTest(t, { statementTimeoutMs: 300, lockTimeoutMs: 200 })
  const slow = await sql`select pg_sleep(20)`.execute(database.kysely).catch(error => error)
  t.equal(slow.code, '57014')
  t.ok(isTimeout(slow))

  await database.kysely.insertInto('posts').values({ id: 1, title: 'a' }).execute()
  const patient = open(t, { url, statementTimeoutMs: 5_000, lockTimeoutMs: 200 })
  await database.transaction(async trx => {
    await trx.updateTable('posts').set({ title: 'b' }).execute()
    const waiting = await patient.kysely
      .updateTable('posts')
      .set({ title: 'c' })
      .execute()
      .catch(error => error)
    t.equal(waiting.code, '55P03')
    t.ok(isTimeout(waiting))
  })
})

t.test('a transaction that falls asleep is ended, and its connection replaced', async t => {
  const { database, url } = await openTest(t, { idleInTransactionTimeoutMs: 200, poolSize: 1 })
  const watcher = open(t, { url })
  const asleep = database.transaction(async trx => {
    await trx.insertInto('posts').values({ id: 1, title: 'a' }).execute()
    await eventually(async () => {
      const { rows } = await sql`select 1 from pg_stat_activity
        where datname = current_database() and state like 'idle in transaction%'`.execute(watcher.kysely)
      return rows.length === 0
    })
    await trx.selectFrom('posts').selectAll().execute()
  })
  await t.rejects(asleep, { name: 'DatabaseUnavailable', reason: 'lost' })
  t.strictSame(await database.kysely.selectFrom('posts').selectAll().execute(), [])
})

t.test('the wait for a connection has a bound, and so has the queue', async t => {
  const { database } = await openTest(t, { poolSize: 1, acquireTimeoutMs: 200, waitingLimit: 3 })
  await database.transaction(async () => {
    using tookMs = stopwatch()
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => sql`select 1`.execute(database.kysely)))
    const reasons = outcomes.map(outcome => (outcome.status === 'rejected' ? outcome.reason.reason : 'fulfilled'))
    t.strictSame(reasons.toSorted(), [...Array(7).fill('busy'), ...Array(3).fill('timeout')])
    t.ok(tookMs() < 1_000)
  })
  t.ok(await database.isReady(), 'and then all is well')
})

t.test('who has all connections at work is ready', async t => {
  const { database, url } = await openTest(t, { poolSize: 1, acquireTimeoutMs: 5_000 })
  await database.transaction(async trx => {
    await trx.selectFrom('posts').selectAll().execute()
    using tookMs = stopwatch()
    t.ok(await database.isReady())
    t.ok(tookMs() < 500, 'without waiting for one')
  })
  const wrong = open(t, { url: url.replace(/\/[^/]*$/, '/nowhere') })
  t.notOk(await wrong.isReady())
})
