import { writeKeptHead } from '../edge-response.ts'
import type { Report } from '../report.ts'
import type { Visit } from '../visit.ts'
import type { Codings } from './codings.ts'
import { isConditional, isNotModified, rangeStillApplies } from './conditions.ts'
import type { Entry } from './entry.ts'
import { withoutFields } from './fields.ts'
import { readRange } from './ranges.ts'

/** Writes kept answers. */
export type Serve = (visit: Visit, entry: Entry, how: string) => void

const notIn304: ReadonlySet<string> = new Set([
  'content-length',
  'content-type',
  'content-encoding',
  'transfer-encoding',
])
const lengthOnly: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding'])
const bodyless: ReadonlySet<number> = new Set([204, 205])

export interface ServeTools {
  /** Milliseconds since 1970. */
  readonly wallClock: () => number
  readonly report: Report
  readonly codings: Codings
}

/**
 * Whole, in part, or `304 Not Modified`, as the request asks; the whole in one write.
 */
export function createServe({ wallClock, report, codings }: ServeTools): Serve {
  function send(visit: Visit, status: number, headers: readonly string[], body: Buffer): void {
    const { response, request, answerHeaders } = visit
    writeKeptHead(response, status, headers, answerHeaders)
    if (request.method === 'HEAD' || status === 304 || bodyless.has(status)) response.end()
    else if (body.length > oneWriteBytes) response.end(body)
    else response.end(textOf(body), 'latin1')
    report(visit, status, body.length)
  }

  return (visit, entry, how) => {
    const { head, body } = entry
    const { headers: asked } = visit.request
    const ageSeconds = Math.max(0, Math.floor((wallClock() - head.bornAtMs) / 1_000))
    visit.answerHeaders.push('age', String(ageSeconds), 'cache-status', how)
    if (head.status === 200 && isConditional(asked) && isNotModified(asked, head)) {
      send(visit, 304, withoutFields(head.dressed, notIn304), nothing)
      return
    }
    const range = head.status === 200 && asked.range !== undefined && rangeStillApplies(asked, head)
    const part = range ? readRange(asked.range, body.length) : null
    if (part === null) {
      const coded = head.compressible ? codings.find(entry, asked['accept-encoding']) : null
      send(visit, head.status, (coded ?? head).dressed, (coded ?? entry).body)
      return
    }
    const headers = withoutFields(head.dressed, lengthOnly)
    if (part === 'unsatisfiable') {
      headers.push('content-range', `bytes */${body.length}`, 'content-length', '0')
      send(visit, 416, headers, nothing)
      return
    }
    const bytes = body.subarray(part.start, part.end + 1)
    headers.push(
      'content-range',
      `bytes ${part.start}-${part.end}/${body.length}`,
      'content-length',
      String(bytes.length),
    )
    send(visit, 206, headers, bytes)
  }
}

/** Up to this a body goes out in one string with its head: one write instead of a vector of two, a fifth of all the time. */
const oneWriteBytes = 16 * 1_024
const texts = new WeakMap<Buffer, string>()

/** Each byte a character, as `latin1` writes it back. Made once a body. */
function textOf(body: Buffer): string {
  let text = texts.get(body)
  if (text === undefined) {
    text = body.toString('latin1')
    texts.set(body, text)
  }
  return text
}

const nothing = Buffer.alloc(0)

/** 304 to a client whose request was sent on without its conditions. */
export function sendNotModified({ response }: Visit, dressed: readonly string[]): void {
  response.writeHead(304, withoutFields(dressed, notIn304))
  response.end()
}
