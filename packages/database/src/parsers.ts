import pg from 'pg'

// Object identifiers of PostgreSQL's types (pg_type.dat).
const int8 = 20
const date = 1082
const int8Array = 1016
// Not a literal to the compiler: pg names only some of the types.
const textArray: number = 1009
const varcharArray = 1015
const uuidArray = 2951

/** int8 as a number while that is exact, as a bigint beyond 2^53: it never rounds, and never mixes silently. */
export function parseInt8(text: string): number | bigint {
  const number = Number(text)
  return Number.isSafeInteger(number) ? number : BigInt(text)
}

const parseQuotedArray: (text: string) => (string | null)[] = pg.types.getTypeParser(textArray, 'text')

/** One-dimensional arrays of what needs no quotes are split; the general parser takes the rest. */
export function parseTextArray(text: string): (string | null)[] {
  if (text === '{}') return []
  if (/["\\]|^\[|^\{\{/.test(text)) return parseQuotedArray(text)
  return text
    .slice(1, -1)
    .split(',')
    .map(item => (item === 'NULL' ? null : item))
}

const parsers: Record<number, (text: string) => unknown> = {
  [int8]: parseInt8,
  [int8Array]: text => parseTextArray(text).map(item => (item === null ? null : parseInt8(item))),
  // A calendar day has no time zone: as a Date it would be another day west of here.
  [date]: text => text,
  [textArray]: parseTextArray,
  [varcharArray]: parseTextArray,
  [uuidArray]: parseTextArray,
}

/** How values of PostgreSQL become values of JavaScript, for the connections of one pool; nothing global is changed. */
export const typeParsers: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    const parser = format === 'binary' ? undefined : parsers[oid]
    return parser ?? pg.types.getTypeParser(oid, format ?? 'text')
  },
}
