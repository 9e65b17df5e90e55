import { createHash } from 'node:crypto'

export interface Statement {
  /** Name of the prepared statement: a hash of the text. */
  readonly name: string
  /** Whether it is a SELECT: worth a plan that is kept even without values; `set`, `listen` and the like are not. */
  readonly reads: boolean
  /** How often it was asked for since it came into the cache. */
  uses: number
}

function describe(sql: string): Statement {
  const hash = createHash('sha256').update(sql).digest('base64url')
  return { name: `p_${hash.slice(0, 22)}`, reads: /^\s*select\b/i.test(sql), uses: 0 }
}

/**
 * The SQL texts of one database, least recently used out first: hashed once each.
 * `generation` becomes part of the names, so that raising it makes every connection prepare anew.
 */
export class Statements {
  generation = 0
  readonly #limit: number
  readonly #known = new Map<string, Statement>()

  constructor(limit = 1_000) {
    this.#limit = limit
  }

  /** Looks `sql` up and counts the use. */
  get(sql: string): Statement {
    const statement = this.#known.get(sql) ?? describe(sql)
    statement.uses += 1
    this.#known.delete(sql)
    this.#known.set(sql, statement)
    if (this.#known.size > this.#limit) {
      const [oldest] = this.#known.keys()
      if (oldest !== undefined) this.#known.delete(oldest)
    }
    return statement
  }
}
