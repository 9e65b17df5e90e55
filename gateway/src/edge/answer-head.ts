import { internalHeaders } from '@portico/contracts'
import type { Visit } from './visit.ts'

/** Dresses the head of every answer, whoever made it. */
export interface AnswerHeads {
  /** Changes the flat list in place: takes out what is the house's own, adds what the edge has to say. */
  dress(visit: Visit | null, headers: string[]): void
}

const internal: ReadonlySet<string> = new Set([internalHeaders.cacheTag, 'server', 'x-powered-by', 'x-request-id'])

/**
 * `defaults` are fields that the service's own replace. Built once: their number is small, so that a bit each tells which
 * are there already.
 */
export function createAnswerHeads(
  defaults: readonly (readonly [name: string, value: string])[],
  { varyOnOrigin }: { varyOnOrigin: boolean },
): AnswerHeads {
  const bits = new Map(defaults.map(([name], index) => [name, 1 << index]))

  function dress(visit: Visit | null, headers: string[]): void {
    let present = 0
    let kept = 0
    for (let index = 0; index < headers.length; index += 2) {
      const name = headers[index] ?? ''
      if (internal.has(name) || name.startsWith('portico-')) continue
      present |= bits.get(name) ?? 0
      headers[kept] = name
      headers[kept + 1] = headers[index + 1] ?? ''
      kept += 2
    }
    headers.length = kept
    for (let index = 0; index < defaults.length; index += 1) {
      const field = defaults[index]
      if (field !== undefined && (present & (1 << index)) === 0) headers.push(field[0], field[1])
    }
    if (varyOnOrigin) headers.push('vary', 'origin')
    if (visit !== null) for (const part of visit.answerHeaders) headers.push(part)
  }
  return { dress }
}
