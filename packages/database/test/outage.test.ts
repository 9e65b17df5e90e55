import { CommitUnknown, type Database, DatabaseUnavailable, isConnectionError } from '@portico/database'
import { eventually, privatePostgres, stopwatch, type TestScope, testDatabase } from '@portico/testkit'
import { sql } from 'kysely'
import t from 'tap'
import { open, openTest, type Tables } from './database.ts'

const insert = (database: Database<Tables>, id: number) =>
  database.kysely.insertInto('posts').values({ id, title: 'a' }).execute()

const ids = async (database: Database<Tables>) =>
  (await database.kysely.selectFrom('posts').select('id').orderBy('id').execute()).map(({ id }) => id)

const pid = async (database: Database<Tables>) =>
  (await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(database.kysely)).rows[0]?.pid

t.test('sessions that an administrator ends are replaced', async t => {
  const { database, adminUrl } = await openTest(t, { poolSize: 3 })
  const admin = open(t, { url: adminUrl, poolSize: 1 })
  const terminate = () =>
    sql`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and usename = 'content'`.execute(admin.kysely)

  const idle = await pid(database)
  await terminate()
  await eventually(() => database.usage().idle === 0)
  t.not(await pid(database), idle, 'an idle one is gone unnoticed')

  const running = sql`select pg_sleep(30)`.execute(database.kysely).catch(error => error)
  await eventually(async () => {
    const { rows } = await sql`select 1 from pg_stat_activity where query like '%pg_sleep%' and usename = 'content'
      and state = 'active'`.execute(admin.kysely)
    return rows.length === 1
  })
  await terminate()
  const error = await running
  t.ok(error instanceof DatabaseUnavailable)
  t.equal(error.reason, 'lost')
  t.ok(isConnectionError(error))

  const inTransaction = database.transaction(async trx => {
    await trx.insertInto('posts').values({ id: 1, title: 'a' }).execute()
    await terminate()
    await trx.insertInto('posts').values({ id: 2, title: 'b' }).execute()
  })
  await t.rejects(inTransaction, { name: 'DatabaseUnavailable' })
  t.strictSame(await ids(database), [])
  t.equal(database.usage().inUse, 0)
})

t.test('a connection lost at COMMIT is told apart: nobody knows whether it took effect', async t => {
  const { database, adminUrl } = await openTest(t)
  const admin = open(t, { url: adminUrl, poolSize: 1 })
  const hooks: string[] = []
  const lost = database.transaction(async trx => {
    await trx.insertInto('posts').values({ id: 1, title: 'a' }).execute()
    database.afterCommit(trx, () => hooks.push('ran'))
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(trx)
    await sql`select pg_terminate_backend(${rows[0]?.pid}::int)`.execute(admin.kysely)
  })
  const error = await lost.catch(error => error)
  t.ok(error instanceof CommitUnknown, String(error))
  t.ok(isConnectionError(error))
  t.strictSame(hooks, [], 'no hook runs on hope')
  t.equal(database.usage().inUse, 0)
})

async function openPrivate(t: TestScope) {
  const server = await privatePostgres(t)
  const made = await testDatabase(t, { service: 'content', server })
  const owner = open(t, { url: made.migrationUrl, poolSize: 1 })
  await sql`create table posts (id int primary key, title text not null)`.execute(owner.kysely)
  await owner.close()
  return { server, ...made }
}

t.test('PostgreSQL killed and back: failures are quick, acknowledged writes stay, nobody is restarted', async t => {
  const { server, url } = await openPrivate(t)
  const database = open(t, { url, acquireTimeoutMs: 1_000 })
  const acknowledged: number[] = []
  let stopped = false
  let slowestMs = 0
  const writer = async (from: number) => {
    for (let id = from; !stopped && id < from + 100_000; id++) {
      using tookMs = stopwatch()
      const written = await database
        .transaction(trx => trx.insertInto('posts').values({ id, title: 'a' }).execute())
        .then(
          () => true,
          error => {
            t.ok(isConnectionError(error), `only its absence: ${error}`)
            return new Promise(resolve => setTimeout(() => resolve(false), 20))
          },
        )
      if (written) acknowledged.push(id)
      slowestMs = Math.max(slowestMs, tookMs())
    }
  }
  const writers = [0, 1, 2, 3].map(number => writer(number * 100_000))
  for (let kill = 0; kill < 2; kill++) {
    const before = acknowledged.length
    await eventually(() => acknowledged.length > before + 50)
    await server.kill()
    t.notOk(await database.isReady())
    await server.start()
    await eventually(() => database.isReady())
  }
  const before = acknowledged.length
  await eventually(() => acknowledged.length > before + 50)
  stopped = true
  await Promise.all(writers)
  const present = new Set(await ids(database))
  t.strictSame(
    acknowledged.filter(id => !present.has(id)),
    [],
    `${acknowledged.length} acknowledged writes are all there`,
  )
  t.ok(slowestMs < 3_000, `slowest answer ${Math.round(slowestMs)} ms`)
})

t.test('a frozen PostgreSQL costs bounded time, and is used again when it thaws', async t => {
  const { server, url } = await openPrivate(t)
  const database = open(t, { url, poolSize: 2, statementTimeoutMs: 300, queryTimeoutMs: 500, acquireTimeoutMs: 400 })
  await insert(database, 1)
  await server.pause()
  t.after(() => server.resume())
  using tookMs = stopwatch()
  const known = await database.kysely
    .selectFrom('posts')
    .selectAll()
    .execute()
    .catch(error => error)
  t.match(known, { name: 'DatabaseUnavailable', reason: 'timeout' })
  t.ok(tookMs() < 900, 'the connection it had')

  const fresh = await database.transaction(trx => trx.selectFrom('posts').selectAll().execute()).catch(error => error)
  t.match(fresh, { name: 'DatabaseUnavailable', reason: 'timeout' })
  t.ok(tookMs() < 2_000, 'a new connection')
  t.notOk(await database.isReady())
  t.equal(database.usage().inUse, 0, 'no stuck client is kept')

  await server.resume()
  await eventually(() => database.isReady())
  t.strictSame(await ids(database), [1])
})

t.test('a statement that is given up on in a transaction takes the transaction along', async t => {
  const { server, url } = await openPrivate(t)
  const database = open(t, { url, poolSize: 1, queryTimeoutMs: 300 })
  const frozen = database.transaction(async trx => {
    await trx.insertInto('posts').values({ id: 1, title: 'a' }).execute()
    await server.pause()
    await trx.insertInto('posts').values({ id: 2, title: 'b' }).execute()
  })
  await t.rejects(frozen, { name: 'DatabaseUnavailable', reason: 'timeout' })
  await server.resume()
  t.strictSame(await ids(database), [])
})

t.test('a start without PostgreSQL, and a wrong password, are two things', async t => {
  const { server, url } = await openPrivate(t)
  await server.stop()
  const database = open(t, { url })
  const absent = await insert(database, 1).catch(error => error)
  t.match(absent, { name: 'DatabaseUnavailable', reason: 'refused' })
  t.notMatch(absent.message, /127\.0\.0\.1|:\d{4}/, 'no address')
  await server.start()
  await insert(database, 1)
  t.strictSame(await ids(database), [1])

  const wrong = new URL(url)
  wrong.password = 'wrong'
  const refused = await insert(open(t, { url: wrong.href }), 2).catch(error => error)
  t.equal(refused.code, '28P01')
  t.notOk(isConnectionError(refused), 'waiting does not help')
})

t.test('closing waits for work under way, and not forever', async t => {
  const { url } = await openTest(t)
  const polite = open(t, { url })
  const working = sql`select pg_sleep(0.3)`.execute(polite.kysely)
  await eventually(() => polite.usage().inUse === 1)
  await polite.close()
  await working

  const hurried = open(t, { url, closeTimeoutMs: 200 })
  const endless = sql`select pg_sleep(60)`.execute(hurried.kysely).catch(error => error)
  await eventually(() => hurried.usage().inUse === 1)
  using tookMs = stopwatch()
  await hurried.close()
  t.ok(tookMs() < 1_500)
  t.match(await endless, { name: 'DatabaseUnavailable' })
})
