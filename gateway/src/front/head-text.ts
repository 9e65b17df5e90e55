import { unfitForValue } from '../wire/field-grammar.ts'

const isLowerToken = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/

/** Statuses whose answers never have a body (RFC 9110, section 6.4.1). */
export const bodyless: ReadonlySet<number> = new Set([204, 304])

/** What decides how an answer ends, or how its connection goes on: for whoever frames the answer to say. */
export const framingFields: ReadonlySet<string> = new Set([
  'connection',
  'expect',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
])

/** The fields of a head as they go out, a line each. */
export interface HeadText {
  readonly text: string
  /** As `content-length` says it; -1: it says nothing that is a number. */
  readonly length: number
  readonly hasDate: boolean
}

/**
 * Flat fields, checked and put together. Null: there is something among them that has no place in a field, or that is
 * about framing, or a name that is not in lower case.
 */
export function headText(fields: readonly string[]): HeadText | null {
  let text = ''
  let length = -1
  let hasDate = false
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] ?? ''
    const value = fields[index + 1]
    if (typeof value !== 'string' || unfitForValue.test(value)) return null
    if (!isLowerToken.test(name) || framingFields.has(name)) return null
    if (name === 'content-length') length = /^\d+$/.test(value) ? Number(value) : -1
    else if (name === 'date') hasDate = true
    text += `${name}: ${value}\r\n`
  }
  return { text, length, hasDate }
}

/** Of heads that never change: put together once. */
const kept = new WeakMap<readonly string[], HeadText | null>()

/** @param same what does not change from answer to answer; the same list each time */
export function keptHeadText(same: readonly string[], own: readonly string[]): HeadText | null {
  let first = kept.get(same)
  if (first === undefined) {
    first = headText(same)
    kept.set(same, first)
  }
  const second = headText(own)
  if (first === null || second === null) return null
  return { text: first.text + second.text, length: first.length, hasDate: first.hasDate }
}

/** What a head says of its connection. */
export function connectionText(staysOpen: boolean, keepAliveMs: number): string {
  if (!staysOpen) return 'Connection: close\r\n'
  if (keepAliveMs <= 0) return 'Connection: keep-alive\r\n'
  return `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(keepAliveMs / 1_000)}\r\n`
}
