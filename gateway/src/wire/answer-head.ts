import { WireError } from './call.ts'
import { trimmed } from './field-grammar.ts'

/** The head of an answer, read strictly, and what it says of the body (RFC 9112, section 6.3). */
export interface AnswerHead {
  readonly status: number
  /** Flat, without fields of the connection. */
  readonly fields: string[]
  /** Bytes of the body; `untilChunk`, `untilClose`. */
  readonly length: number
  /** Whether another request may follow on the connection. */
  readonly reusable: boolean
  /** What `Keep-Alive` promises, milliseconds; 0: nothing. */
  readonly keepAliveMs: number
}

export const untilChunk = -1
export const untilClose = -2

// The grammar of RFC 9112, sections 4 and 5, in one look: a status line, then fields; no folding, no space before the
// colon, no control characters, no bare CR or LF. What it lets through can be taken apart without further checks.
const grammar =
  /^HTTP\/1\.[01] [1-5]\d\d(?: [\t\x20-\x7e\x80-\xff]*)?\r\n(?:[!#$%&'*+\-.^_`|~\w]+:[\t\x20-\x7e\x80-\xff]*\r\n)*$/

type Special = 'length' | 'coding' | 'connection' | 'keep-alive' | 'hop'
const specials: ReadonlyMap<string, Special> = new Map([
  ['content-length', 'length'],
  ['transfer-encoding', 'coding'],
  ['connection', 'connection'],
  ['keep-alive', 'keep-alive'],
  ...(
    [
      'proxy-authenticate',
      'proxy-authentication-info',
      'proxy-authorization',
      'proxy-connection',
      'te',
      'upgrade',
      'http2-settings',
    ] as const
  ).map(name => [name, 'hop'] as const),
])

const bad = (what: string) => new WireError('BAD_ANSWER', what)

/** @param text status line and fields, each with its CRLF, as latin1 */
export function readAnswerHead(text: string, method: string): AnswerHead {
  if (!grammar.test(text)) throw bad('no head of HTTP/1.1')
  const status = Number(text.slice(9, 12))
  const fields: string[] = []
  let length = untilClose
  let coding = ''
  let connection = ''
  let keepAliveMs = 0
  let at = text.indexOf('\r\n') + 2
  while (at < text.length) {
    const colon = text.indexOf(':', at)
    const end = text.indexOf('\r\n', colon)
    const name = text.slice(at, colon).toLowerCase()
    const value = trimmed(text, colon + 1, end)
    at = end + 2
    switch (specials.get(name)) {
      case undefined:
        fields.push(name, value)
        break
      case 'length':
        if (length !== untilClose || !/^\d{1,15}$/.test(value)) throw bad('no length of a body')
        length = Number(value)
        fields.push(name, value)
        break
      case 'coding':
        coding = coding === '' ? value.toLowerCase() : `${coding}, ${value}`
        break
      case 'connection':
        connection = connection === '' ? value : `${connection},${value}`
        break
      case 'keep-alive':
        keepAliveMs = keepAliveOf(value)
    }
  }
  const isFirstMinor = text.charCodeAt(7) === 0x31
  if (coding !== '') length = lengthByCoding(coding, length, isFirstMinor)
  const nominated = connection === '' ? nothing : nominations(connection)
  const reusable = isFirstMinor && length !== untilClose && !nominated.includes('close')
  const kept = nominated.length === 0 ? fields : without(fields, nominated)
  if (hasNoBody(status, method)) {
    // A length here is that of another answer (RFC 9110, section 8.6). Whoever sends a body all the same cannot go on.
    const isSilent = method === 'HEAD' || length === untilClose || length === 0
    return {
      status,
      fields: kept,
      length: 0,
      reusable: isFirstMinor && isSilent && !nominated.includes('close'),
      keepAliveMs,
    }
  }
  return { status, fields: kept, length, reusable, keepAliveMs }
}

const hasNoBody = (status: number, method: string) =>
  method === 'HEAD' || status === 204 || status === 304 || status < 200

// RFC 9112, section 6.1: with another coding nobody knows where it ends; with a length beside it, two readers may differ.
function lengthByCoding(coding: string, length: number, isFirstMinor: boolean): number {
  if (coding !== 'chunked' || length !== untilClose || !isFirstMinor) throw bad('no transfer coding of HTTP/1.1')
  return untilChunk
}

const nothing: readonly string[] = []

/** What `Connection` names beside `keep-alive`; nearly always nothing. */
function nominations(connection: string): readonly string[] {
  if (connection === 'keep-alive') return nothing
  const names = connection.toLowerCase().split(',')
  return names.map(name => name.trim()).filter(name => name !== '' && name !== 'keep-alive')
}

function without(fields: readonly string[], names: readonly string[]): string[] {
  return fields.filter((_, index) => !names.includes(fields[index & ~1] ?? ''))
}

/** RFC 2068, section 19.7.1.1. */
function keepAliveOf(value: string): number {
  const [, seconds] = /(?:^|,)[\t ]*timeout=(\d{1,9})/i.exec(value) ?? []
  return seconds === undefined ? 0 : Number(seconds) * 1_000
}

const trailerLine = /^[!#$%&'*+\-.^_`|~\w]+:[\t\x20-\x7e\x80-\xff]*$/

/** Fields that have no place in trailers, because they are needed before the body (RFC 9110, section 6.5.1). */
export const notInTrailers: ReadonlySet<string> = new Set([
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'host',
  'set-cookie',
  'trailer',
])

/** Adds one line of the trailers to the list, if it may be there at all. */
export function readTrailer(line: string, into: string[]): void {
  if (!trailerLine.test(line)) throw bad('no trailer')
  const colon = line.indexOf(':')
  const name = line.slice(0, colon).toLowerCase()
  if (!notInTrailers.has(name) && !specials.has(name)) into.push(name, trimmed(line, colon + 1, line.length))
}
