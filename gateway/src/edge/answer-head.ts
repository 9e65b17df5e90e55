import { internalHeaders } from '@portico/contracts'
import { isPage, type SecurityHeaders } from './security-headers.ts'
import type { Visit } from './visit.ts'

/** Dresses the head of every answer, whoever made it. */
export interface AnswerHeads {
  /** Changes the flat list in place: takes out what is the house's own, adds what the edge has to say. */
  dress(visit: Visit | null, headers: string[]): void
}

const internal: ReadonlySet<string> = new Set([internalHeaders.cacheTag, 'server', 'x-powered-by', 'x-request-id'])

/** A service's own fields go before the defaults. These are so few that a bit each tells which are there already. */
export function createAnswerHeads(
  { always, pages }: SecurityHeaders,
  { varyOnOrigin }: { varyOnOrigin: boolean },
): AnswerHeads {
  // `pages` begins with `always`.
  const bits = new Map(pages.map(([name], index) => [name, 1 << index]))

  function dress(visit: Visit | null, headers: string[]): void {
    let present = 0
    let kept = 0
    let contentType: string | undefined
    for (let index = 0; index < headers.length; index += 2) {
      const name = headers[index] ?? ''
      const value = headers[index + 1] ?? ''
      if (isInternal(name, value)) continue
      if (name === 'content-type') contentType = value
      present |= bits.get(name) ?? 0
      headers[kept] = name
      headers[kept + 1] = value
      kept += 2
    }
    headers.length = kept
    const defaults = isPage(contentType) ? pages : always
    for (let index = 0; index < defaults.length; index += 1) {
      const field = defaults[index]
      if (field !== undefined && (present & (1 << index)) === 0) headers.push(field[0], field[1])
    }
    if (varyOnOrigin) headers.push('vary', 'origin')
    if (visit !== null) for (const part of visit.answerHeaders) headers.push(part)
  }
  return { dress }
}

/** The span that a service names in Server-Timing is its own; the client hears of the whole request's. */
function isInternal(name: string, value: string): boolean {
  if (internal.has(name)) return true
  if (name === 'server-timing') return value.startsWith('traceparent;')
  return name.charCodeAt(0) === 0x70 && name.startsWith('portico-')
}
