/** One page of a list. */
export interface Page<Item> {
  items: Item[]
  /** Where the next page begins; null at the end. */
  nextCursor: string | null
}

/**
 * Makes a page of rows that were asked for with `limit + 1`: the one too many only tells that there is more.
 *
 * @example
 * const rows = await keyset(query, order, values).limit(limit + 1).execute()
 * return page(rows, limit, row => encodeCursor([row.publishedAtCursor, row.id], { list }))
 */
export function page<Row>(rows: readonly Row[], limit: number, cursorOf: (row: Row) => string): Page<Row> {
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  return { items, nextCursor: rows.length > limit && last !== undefined ? cursorOf(last) : null }
}
