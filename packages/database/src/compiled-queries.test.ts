import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely'
import t from 'tap'
import { createCompiledQueries } from './compiled-queries.ts'
import { keyset } from './keyset.ts'

interface Tables {
  posts: { id: string; title: string }
}

/** A Kysely that says what it would have run. */
function listening() {
  const ran: { sql: string; parameters: readonly unknown[] }[] = []
  const db = new Kysely<Tables>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: target => new PostgresIntrospector(target),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
    log: ({ query }) => {
      ran.push(query)
    },
  })
  return { db, ran }
}

t.test('built once, run with the values of each run', async t => {
  const { db, ran } = listening()
  const queries = createCompiledQueries({ limit: 10 })
  let built = 0
  const byId = (id: string) =>
    queries.run(
      db,
      'by id',
      slot => {
        built += 1
        return db.selectFrom('posts').select('title').where('id', '=', slot('id')).where('title', '!=', 'fixed')
      },
      { id },
    )
  await byId('1')
  await byId('2')
  t.equal(built, 1)
  t.same(
    ran.map(({ parameters }) => parameters),
    [
      ['1', 'fixed'],
      ['2', 'fixed'],
    ],
  )
  t.equal(ran[0]?.sql, ran[1]?.sql)
})

t.test('slots stand in keyset pages too', async t => {
  const { db, ran } = listening()
  const queries = createCompiledQueries({ limit: 10 })
  const build = (slot: (name: string) => string) =>
    keyset(db.selectFrom('posts').select('id'), [{ column: 'id', direction: 'asc' }], [slot('after')])
  await queries.run(db, 'page', build, { after: 'x' })
  t.match(ran, [{ sql: 'select "id" from "posts" where ("id") > ($1) order by "id" asc', parameters: ['x'] }])
})

t.test('a slot without a value is a mistake, and the oldest query makes room', async t => {
  const { db } = listening()
  const queries = createCompiledQueries({ limit: 1 })
  let built = 0
  const run = (name: string, values: Record<string, unknown>) =>
    queries.run(
      db,
      name,
      slot => {
        built += 1
        return db.selectFrom('posts').select('id').where('id', '=', slot('id'))
      },
      values,
    )
  await t.rejects(run('one', {}), { message: /slot id/ })
  await run('two', { id: '1' })
  await run('one', { id: '1' })
  t.equal(built, 3)
})
