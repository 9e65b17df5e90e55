import { sql } from 'kysely'
import t from 'tap'
import { open, openTest } from './database.ts'

const prepared = sql<{ statement: string }>`select statement from pg_prepared_statements
  where statement not like '%pg_prepared_statements%' order by statement`

t.test('a text that returns is prepared once on each connection', async t => {
  const { database } = await openTest(t, { poolSize: 1 })
  const find = (id: number) => database.kysely.selectFrom('posts').selectAll().where('id', '=', id).execute()
  await find(1)
  t.equal((await prepared.execute(database.kysely)).rows.length, 0, 'not at first sight')
  for (let id = 0; id < 5; id++) await find(id)
  t.strictSame((await prepared.execute(database.kysely)).rows, [{ statement: 'select * from "posts" where "id" = $1' }])
})

t.test('a read without values is prepared too, what sets something up is not', async t => {
  const { database } = await openTest(t, { poolSize: 1 })
  for (let i = 0; i < 3; i++) {
    await database.kysely.selectFrom('posts').select('id').execute()
    await sql`set application_name = 'test'`.execute(database.kysely)
    await database.transaction(trx => trx.deleteFrom('posts').execute())
  }
  t.strictSame((await prepared.execute(database.kysely)).rows, [{ statement: 'select "id" from "posts"' }])
})

t.test('texts without end leave a bounded number behind', async t => {
  const { database } = await openTest(t, { poolSize: 1, preparedLimit: 5 })
  const counts: number[] = []
  for (let width = 1; width <= 40; width++) {
    const ids = Array.from({ length: width }, (_, index) => index)
    const query = database.kysely.selectFrom('posts').selectAll().where('id', 'in', ids)
    await query.execute()
    await query.execute()
    counts.push((await prepared.execute(database.kysely)).rows.length)
  }
  t.ok(Math.max(...counts) <= 5, `at most ${Math.max(...counts)}`)
  t.ok(Math.max(...counts) >= 3, 'they were prepared at all')
})

t.test('a pooler that shares sessions gets no names', async t => {
  const { database } = await openTest(t, { poolSize: 1, preparedLimit: 0 })
  const session = sql<{ pid: number }>`select pg_backend_pid() as pid`
  const before = await session.execute(database.kysely)
  for (let id = 0; id < 5; id++) await database.kysely.selectFrom('posts').selectAll().where('id', '=', id).execute()
  t.equal((await prepared.execute(database.kysely)).rows.length, 0)
  t.strictSame((await session.execute(database.kysely)).rows, before.rows, 'and the connection is kept')
})

t.test('a migration under a running service disturbs nobody', async t => {
  const { database, migrationUrl } = await openTest(t, { poolSize: 4 })
  const owner = open(t, { url: migrationUrl, poolSize: 1 })
  await database.kysely.insertInto('posts').values({ id: 1, title: 'a' }).execute()
  const read = () => database.kysely.selectFrom('posts').selectAll().where('id', '=', 1).execute()
  const readInTransaction = () =>
    database.transaction(trx => trx.selectFrom('posts').selectAll().where('id', '=', 1).execute())
  const everywhere = (work: () => Promise<unknown>) => Promise.all(Array.from({ length: 12 }, work))
  await everywhere(read)
  await everywhere(readInTransaction)

  await sql`alter table posts add column slug text default 'x'`.execute(owner.kysely)
  t.match(await readInTransaction(), [{ id: 1, slug: 'x' }])
  await everywhere(readInTransaction)

  await sql`alter table posts add column lead text default 'y'`.execute(owner.kysely)
  t.match(await read(), [{ id: 1, lead: 'y' }])
  await everywhere(read)
  await everywhere(readInTransaction)
})

t.test('only one attempt more: work does not run without end', async t => {
  const { database, migrationUrl } = await openTest(t, { poolSize: 1 })
  const owner = open(t, { url: migrationUrl, poolSize: 1 })
  await database.kysely.insertInto('posts').values({ id: 1, title: 'a' }).execute()
  const query = () => database.kysely.selectFrom('posts').selectAll().where('id', '=', 1)
  for (let i = 0; i < 3; i++) await query().execute()
  let runs = 0
  const changing = database.transaction(async trx => {
    runs += 1
    await sql`alter table posts add column ${sql.id(`c${runs}`)} int`.execute(owner.kysely)
    await trx.selectFrom('posts').selectAll().where('id', '=', 1).execute()
  })
  await changing
  t.equal(runs, 2)
})
