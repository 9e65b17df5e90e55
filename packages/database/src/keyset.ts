import type { Expression, RawBuilder, SelectQueryBuilder, SqlBool, StringReference } from 'kysely'
import { sql } from 'kysely'
import type { CursorValue } from './cursor.ts'

export type Direction = 'asc' | 'desc'

/** One column of an order. The last ones must be unique together: an id closes every order. */
export interface KeysetColumn<DB, TB extends keyof DB> {
  column: StringReference<DB, TB> | Expression<unknown>
  direction: Direction
  /** For columns that can be null: where nulls stand. Default as in PostgreSQL: last ascending, first descending. */
  nullable?: boolean | 'first' | 'last'
}

interface Column {
  ref: RawBuilder<unknown> | Expression<unknown>
  direction: Direction
  nulls: 'first' | 'last' | undefined
}

/**
 * Orders a list and skips to what comes after a place in it.
 *
 * Columns of one direction that cannot be null become a row comparison, `("published_at", "id") < ($1, $2)`, which an
 * index on them answers as one range, wherever the place is. Mixed directions become the same written out, with the
 * range on the first column in front. Nulls among the columns cost the range.
 *
 * @param values the place of the last row that was read, as `decodeCursor` gives it; absent or null for the first page
 * @example
 * keyset(query, [{ column: 'published_at', direction: 'desc' }, { column: 'id', direction: 'desc' }], values)
 * // where ("published_at", "id") < ($1, $2) order by "published_at" desc, "id" desc
 */
export function keyset<DB, TB extends keyof DB, O>(
  query: SelectQueryBuilder<DB, TB, O>,
  columns: readonly KeysetColumn<DB, TB>[],
  values?: readonly CursorValue[] | null,
): SelectQueryBuilder<DB, TB, O> {
  const order = columns.map(toColumn)
  const placed = values ? query.where(after(order, values)) : query
  return order.reduce((ordered, { ref, direction, nulls }) => {
    const suffix = nulls === undefined ? sql`` : sql` nulls ${sql.raw(nulls)}`
    return ordered.orderBy(sql`${ref} ${sql.raw(direction)}${suffix}`)
  }, placed)
}

/**
 * Selects a timestamp as the text that a cursor carries, with all its microseconds.
 *
 * @example query.select(cursorText('posts.published_at').as('publishedAtCursor'))
 */
export function cursorText(column: string): RawBuilder<string> {
  return sql<string>`${sql.ref(column)}::text`
}

function toColumn<DB, TB extends keyof DB>({ column, direction, nullable }: KeysetColumn<DB, TB>): Column {
  const ref = typeof column === 'string' ? sql.ref(column) : column
  const byDefault = direction === 'asc' ? 'last' : 'first'
  return { ref, direction, nulls: nullable === true ? byDefault : nullable || undefined }
}

function after(columns: readonly Column[], values: readonly CursorValue[]): RawBuilder<SqlBool> {
  if (columns.length !== values.length || columns.length === 0) {
    throw new TypeError(`${values.length} values cannot be a place in an order of ${columns.length} columns`)
  }
  const [first, ...rest] = columns
  const oneWay = rest.every(column => column.direction === first?.direction)
  if (oneWay && columns.every(column => column.nulls === undefined)) return afterRow(columns, values)
  return afterEach(columns, values)
}

function afterRow(columns: readonly Column[], values: readonly CursorValue[]): RawBuilder<SqlBool> {
  const refs = sql.join(columns.map(column => column.ref))
  const operator = sql.raw(columns[0]?.direction === 'asc' ? '>' : '<')
  return sql<SqlBool>`(${refs}) ${operator} (${sql.join(values)})`
}

/** `a > $1 or (a = $2 and (b < $3 or …))`, with `a >= $1` in front: of this an index can make its range. */
function afterEach(columns: readonly Column[], values: readonly CursorValue[]): RawBuilder<SqlBool> {
  const [first] = columns
  const [value] = values
  const written = columns.reduceRight<RawBuilder<SqlBool> | undefined>((rest, column, index) => {
    const beyond = isBeyond(column, values[index] ?? null)
    return rest ? sql<SqlBool>`(${beyond} or (${isSame(column, values[index] ?? null)} and ${rest}))` : beyond
  }, undefined)
  if (!first || !written) throw new TypeError('an order has at least one column')
  if (first.nulls !== undefined || value === null) return written
  return sql<SqlBool>`(${first.ref} ${sql.raw(first.direction === 'asc' ? '>=' : '<=')} ${value} and ${written})`
}

function isSame({ ref }: Column, value: CursorValue): RawBuilder<SqlBool> {
  return value === null ? sql<SqlBool>`${ref} is null` : sql<SqlBool>`${ref} = ${value}`
}

function isBeyond({ ref, direction, nulls }: Column, value: CursorValue): RawBuilder<SqlBool> {
  if (value === null) return nulls === 'first' ? sql<SqlBool>`${ref} is not null` : sql<SqlBool>`false`
  const beyond = sql<SqlBool>`${ref} ${sql.raw(direction === 'asc' ? '>' : '<')} ${value}`
  return nulls === 'last' ? sql<SqlBool>`(${beyond} or ${ref} is null)` : beyond
}
