import {
  type CursorKind,
  cursorText,
  type Database,
  type Direction,
  decodeCursor,
  encodeCursor,
  type KeysetColumn,
  keyset,
  openDatabase,
  page,
} from '@portico/database'
import { silentTelemetry } from '@portico/telemetry'
import { type TestScope, testDatabase } from '@portico/testkit'
import fc from 'fast-check'
import { sql } from 'kysely'
import t from 'tap'

interface Entry {
  id: number
  at: string
  rank: number
  name: string | null
}

interface Tables {
  entries: Entry
}

async function openEntries(t: TestScope): Promise<Database<Tables>> {
  const { migrationUrl } = await testDatabase(t, { service: 'content' })
  const database = openDatabase<Tables>({
    url: migrationUrl,
    applicationName: 'test',
    poolSize: 2,
    telemetry: silentTelemetry(),
  })
  t.after(() => database.close())
  await sql`create table entries (id int primary key, at timestamptz not null, rank int not null, name text)`.execute(
    database.kysely,
  )
  return database
}

type Columns = readonly KeysetColumn<Tables, 'entries'>[]

const list = 'entries'

/** One page of the list, as a store would ask for it. */
async function readPage(database: Database<Tables>, columns: Columns, limit: number, cursor: string | null) {
  const kinds: Record<string, CursorKind> = { id: 'integer', at: 'timestamp', rank: 'integer', name: 'text?' }
  const names = columns.map(({ column }) => String(column))
  const shape = names.map(name => kinds[name] ?? 'text')
  const values = cursor === null ? null : decodeCursor(cursor, { list, shape })
  const query = database.kysely.selectFrom('entries').select(['id', 'rank', 'name', cursorText('at').as('at')])
  const rows = await keyset(query, columns, values)
    .limit(limit + 1)
    .execute()
  return page(rows, limit, row =>
    encodeCursor(
      names.map(name => Object.entries(row).find(([key]) => key === name)?.[1] ?? null),
      { list },
    ),
  )
}

async function readAll(database: Database<Tables>, columns: Columns, limit: number, between?: () => Promise<void>) {
  const ids: number[] = []
  let cursor: string | null = null
  for (let pages = 0; pages < 500; pages++) {
    const { items, nextCursor }: Awaited<ReturnType<typeof readPage>> = await readPage(database, columns, limit, cursor)
    ids.push(...items.map(({ id }) => id))
    if (nextCursor === null) return ids
    cursor = nextCursor
    await between?.()
  }
  throw new Error('the list does not end')
}

// Few values, so that there are many equals; microseconds that a Date cannot tell apart.
const entry = fc.record({
  at: fc.integer({ min: 0, max: 4 }).map(micros => `2026-11-23 12:00:00.00000${micros}+00`),
  rank: fc.integer({ min: 0, max: 2 }),
  name: fc.constantFrom('a', 'b', null),
})
const direction = fc.constantFrom<Direction>('asc', 'desc')
const nullable = fc.constantFrom<true | 'first' | 'last'>(true, 'first', 'last')

const order: fc.Arbitrary<Columns> = fc
  .record({
    directions: fc.array(direction, { minLength: 4, maxLength: 4 }),
    nullable,
    names: fc.shuffledSubarray(['at', 'rank', 'name'] as const),
  })
  .map(({ directions, nullable, names }) =>
    [...names, 'id' as const].map((column, index) => ({
      column,
      direction: directions[index] ?? 'asc',
      ...(column === 'name' ? { nullable } : {}),
    })),
  )

t.test('whatever the order, pages give each row once, in the order of the whole list', async t => {
  const database = await openEntries(t)
  await fc.assert(
    fc.asyncProperty(
      fc.array(entry, { maxLength: 25 }),
      order,
      fc.integer({ min: 1, max: 7 }),
      async (rows, columns, limit) => {
        await database.kysely.deleteFrom('entries').execute()
        if (rows.length > 0) {
          await database.kysely
            .insertInto('entries')
            .values(rows.map((row, id) => ({ id, ...row })))
            .execute()
        }
        const whole = await keyset(database.kysely.selectFrom('entries').select('id'), columns).execute()
        t.strictSame(
          await readAll(database, columns, limit),
          whole.map(({ id }) => id),
        )
      },
    ),
    { numRuns: 120 },
  )
})

t.test('rows that come in between neither double nor hide the others', async t => {
  const database = await openEntries(t)
  await fc.assert(
    fc.asyncProperty(
      fc.array(entry, { minLength: 1, maxLength: 20 }),
      fc.array(entry, { minLength: 1, maxLength: 20 }),
      order,
      async (before, meanwhile, columns) => {
        await database.kysely.deleteFrom('entries').execute()
        const rows = before.map((row, id) => ({ id: id * 2, ...row }))
        await database.kysely.insertInto('entries').values(rows).execute()
        const late = meanwhile.map((row, id) => ({ id: id * 2 + 1, ...row }))
        const ids = await readAll(database, columns, 3, async () => {
          const next = late.pop()
          if (next) await database.kysely.insertInto('entries').values(next).execute()
        })
        t.equal(new Set(ids).size, ids.length, 'no row twice')
        t.strictSame(
          rows.map(({ id }) => id).filter(id => !ids.includes(id)),
          [],
          'none missing',
        )
      },
    ),
    { numRuns: 60 },
  )
})

t.test('rows within one millisecond are all read', async t => {
  const database = await openEntries(t)
  const rows = Array.from({ length: 100 }, (_, id) => ({
    id,
    at: `2026-11-23 12:00:00.1234${String(id % 100).padStart(2, '0')}+00`,
    rank: 0,
    name: null,
  }))
  await database.kysely.insertInto('entries').values(rows).execute()
  const columns: Columns = [
    { column: 'at', direction: 'desc' },
    { column: 'id', direction: 'desc' },
  ]
  t.strictSame(await readAll(database, columns, 7), rows.map(({ id }) => id).toReversed())
})

interface Plan {
  'Node Type': string
  'Index Cond'?: string
  Filter?: string
  Plans?: Plan[]
}

async function planOf(database: Database<Tables>, columns: Columns, values: (string | number)[]): Promise<Plan[]> {
  const query = keyset(database.kysely.selectFrom('entries').select('id'), columns, values).limit(21)
  const [row] = await query.explain<{ 'QUERY PLAN': [{ Plan: Plan }] }>('json')
  const nodes = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodes)]
  return row ? nodes(row['QUERY PLAN'][0].Plan) : []
}

t.test('a deep page is a range of the index, as cheap as the first', async t => {
  const database = await openEntries(t)
  await sql`insert into entries select n, '2026-01-01'::timestamptz + n * interval '1 second', n % 100, null
    from generate_series(1, 50000) as n`.execute(database.kysely)
  await sql`create index entries_at_index on entries (at desc, id desc)`.execute(database.kysely)
  await sql`create index entries_rank_index on entries (rank asc, id desc)`.execute(database.kysely)
  await sql`vacuum analyze entries`.execute(database.kysely)

  const oneWay: Columns = [
    { column: 'at', direction: 'desc' },
    { column: 'id', direction: 'desc' },
  ]
  const plan = await planOf(database, oneWay, ['2026-01-01 00:10:00+00', 600])
  const scan = plan.find(node => node['Node Type'].includes('Index'))
  t.match(scan?.['Index Cond'], /ROW\(at, id\) < ROW\(/, JSON.stringify(plan))
  t.notOk(scan?.Filter)
  t.notOk(
    plan.some(node => node['Node Type'] === 'Sort'),
    'nothing is sorted',
  )

  const mixed: Columns = [
    { column: 'rank', direction: 'asc' },
    { column: 'id', direction: 'desc' },
  ]
  const mixedPlan = await planOf(database, mixed, [98, 500])
  const mixedScan = mixedPlan.find(node => node['Node Type'].includes('Index'))
  t.match(mixedScan?.['Index Cond'], /rank >= /, JSON.stringify(mixedPlan))
  t.notOk(mixedPlan.some(node => node['Node Type'] === 'Sort'))
})

t.test('an order and a place have to match', async t => {
  const database = await openEntries(t)
  const query = database.kysely.selectFrom('entries').select('id')
  t.throws(() => keyset(query, [{ column: 'id', direction: 'asc' }], [1, 2]), TypeError)
  t.throws(() => keyset(query, [], []), TypeError)
  t.equal(
    keyset(
      query,
      [
        { column: 'entries.at', direction: 'desc' },
        { column: 'id', direction: 'desc' },
      ],
      ['x', 1],
    ).compile().sql,
    'select "id" from "entries" where ("entries"."at", "id") < ($1, $2) order by "entries"."at" desc, "id" desc',
  )
})

/** Never called: it has to compile, and what is marked must not. */
export function types({ kysely }: Database<Tables>): void {
  const query = kysely.selectFrom('entries').select('id')
  keyset(query, [{ column: 'entries.at', direction: 'asc' }])
  keyset(query, [{ column: sql.ref('at'), direction: 'asc' }])
  // @ts-expect-error there is no such column
  keyset(query, [{ column: 'titel', direction: 'asc' }])
  // @ts-expect-error nor direction
  keyset(query, [{ column: 'id', direction: 'up' }])
  const [at, rank] = decodeCursor('', { list, shape: ['timestamp', 'integer?'] })
  const text: string = at
  // @ts-expect-error it may be null
  const number: number = rank
  // @ts-expect-error a Date would lose microseconds
  encodeCursor([new Date(), text, number], { list })
}
