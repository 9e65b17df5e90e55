import { type Compilable, type CompiledQuery, createQueryId, type Kysely } from 'kysely'

/** Stands in a query for a value that each run brings along. */
export type Slot = (name: string) => string

/** Queries of one service that are built and compiled once. */
export interface CompiledQueries {
  /**
   * Runs the query called `name` with these values; `build` makes it the first time, and never again. What changes the
   * text of the query (a filter, a limit) belongs into the name.
   *
   * @example
   * queries.run(db, 'post by id', slot => db.selectFrom('posts').selectAll().where('id', '=', slot('id')), { id })
   */
  run<Row, Tables>(
    db: Kysely<Tables>,
    name: string,
    build: (slot: Slot) => Compilable<Row>,
    values: Readonly<Record<string, unknown>>,
  ): Promise<Row[]>
}

const mark = '\0slot:'

/**
 * For the few queries that are asked all the time: Kysely takes 40 us to build and compile one with a join, as much CPU
 * as PostgreSQL takes to find the row.
 *
 * @param limit queries remembered; the oldest goes
 */
export function createCompiledQueries({ limit }: { limit: number }): CompiledQueries {
  const known = new Map<string, CompiledQuery>()

  function remember(name: string, query: CompiledQuery): void {
    known.set(name, query)
    const [oldest] = known.keys()
    if (known.size > limit && oldest !== undefined) known.delete(oldest)
  }

  return {
    async run<Row, Tables>(
      db: Kysely<Tables>,
      name: string,
      build: (slot: Slot) => Compilable<Row>,
      values: Readonly<Record<string, unknown>>,
    ): Promise<Row[]> {
      let query = known.get(name)
      if (!query) {
        query = build(slot => mark + slot).compile()
        remember(name, query)
      }
      const parameters = query.parameters.map(parameter => fill(parameter, values))
      const { rows } = await db.executeQuery<Row>({ ...query, queryId: createQueryId(), parameters })
      return rows
    },
  }
}

function fill(parameter: unknown, values: Readonly<Record<string, unknown>>): unknown {
  if (typeof parameter !== 'string' || !parameter.startsWith(mark)) return parameter
  const name = parameter.slice(mark.length)
  if (!Object.hasOwn(values, name)) throw new TypeError(`the query has a slot ${name}, and no value was given for it`)
  return values[name]
}
