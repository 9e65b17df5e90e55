import { hash } from 'node:crypto'
import { InvalidCursor } from '@portico/contracts'

/**
 * What a place in a list is made of. A timestamp travels as PostgreSQL's text: a Date holds milliseconds where
 * PostgreSQL holds microseconds, and rows between the two would be lost. See {@link cursorText}.
 */
export type CursorValue = string | number | boolean | null

type Kind = 'text' | 'uuid' | 'timestamp' | 'integer' | 'number' | 'boolean'
/** `uuid`, `timestamp`, …; with a question mark where a column may be null. */
export type CursorKind = Kind | `${Kind}?`

type ValueOf<K> = K extends `${infer Base}?`
  ? ValueOf<Base> | null
  : K extends 'integer' | 'number'
    ? number
    : K extends 'boolean'
      ? boolean
      : string
/** The values that a shape stands for: `['timestamp', 'uuid']` is `[string, string]`. */
export type CursorValues<Shape extends readonly CursorKind[]> = { -readonly [I in keyof Shape]: ValueOf<Shape[I]> }

const kinds = new Map<string, (value: unknown) => boolean>([
  // NUL cannot be stored in PostgreSQL's text, and would come back as its error instead of ours.
  ['text', value => typeof value === 'string' && !value.includes('\0')],
  ['uuid', matching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)],
  ['timestamp', matching(/^\d{4,6}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d(:\d\d)?)$/)],
  ['integer', value => Number.isSafeInteger(value)],
  ['number', value => typeof value === 'number' && Number.isFinite(value)],
  ['boolean', value => typeof value === 'boolean'],
])

const version = 1
const checkBytes = 6
const limitCharacters = 2_048

/**
 * Makes the opaque cursor for a row's place.
 *
 * @param list name of the list; what else the place depends on (filter, sort) belongs into it: `posts:newest:tag=css`.
 *   It is not in the cursor, but a cursor made under another name is refused.
 */
export function encodeCursor(values: readonly CursorValue[], { list }: { list: string }): string {
  const json = JSON.stringify([version, ...values])
  return Buffer.concat([check(list, json), Buffer.from(json)]).toString('base64url')
}

/**
 * The values of a cursor.
 *
 * @throws InvalidCursor when it is of another list, version or shape, or was changed. A cursor carries no rights, so it
 *   is checked against mistakes, not signed.
 */
export function decodeCursor<const Shape extends readonly CursorKind[]>(
  text: string,
  { list, shape }: { list: string; shape: Shape },
): CursorValues<Shape> {
  if (text.length > limitCharacters || !/^[\w-]+$/.test(text)) throw InvalidCursor()
  const bytes = Buffer.from(text, 'base64url')
  const json = bytes.subarray(checkBytes).toString()
  // Compared as text: base64url has spellings that decode alike.
  if (Buffer.concat([check(list, json), Buffer.from(json)]).toString('base64url') !== text) throw InvalidCursor()
  const [found, ...values] = parse(json)
  if (found !== version || !fits(values, shape)) throw InvalidCursor()
  return values
}

function check(list: string, json: string): Buffer {
  return hash('sha256', `${list}\0${json}`, 'buffer').subarray(0, checkBytes)
}

function parse(json: string): unknown[] {
  try {
    const value: unknown = JSON.parse(json)
    return Array.isArray(value) ? value : []
  } catch {
    return []
  }
}

function fits<Shape extends readonly CursorKind[]>(values: unknown[], shape: Shape): values is CursorValues<Shape> {
  return (
    values.length === shape.length &&
    shape.every((kind, index) => {
      const value = values[index]
      if (value === null) return kind.endsWith('?')
      return kinds.get(kind.replace('?', ''))?.(value) === true
    })
  )
}

function matching(pattern: RegExp) {
  return (value: unknown): boolean => typeof value === 'string' && pattern.test(value)
}
