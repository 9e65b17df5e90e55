import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Answer, Door, Sent } from '../support/http.ts'

const limitMs = 60_000
const pauseMs = 250
/** What a client is told to try again: the same request is still at work, or nobody could take it. */
const passing = new Set([409, 429, 502, 503, 504])

/**
 * Sends a write until it is acknowledged, as a client does that was told to: under one Idempotency-Key, so that it has
 * one effect however often it arrives.
 *
 * @throws when it is refused, or not acknowledged within a minute
 */
export async function insist(
  door: Door,
  method: string,
  path: string,
  sent: Sent,
  isDone: (answer: Answer) => boolean,
): Promise<Answer> {
  const headers = { 'idempotency-key': randomUUID(), ...sent.headers }
  const deadline = performance.now() + limitMs
  let last = ''
  while (performance.now() < deadline) {
    const answer = await door.send(method, path, { ...sent, headers }).catch(error => {
      last = String(error)
      return null
    })
    if (answer && isDone(answer)) return answer
    if (answer) last = `${answer.status} ${new TextDecoder().decode(answer.bytes.subarray(0, 500))}`
    if (answer && !passing.has(answer.status)) break
    await pause(pauseMs)
  }
  throw new Error(`${method} ${path} was not acknowledged: ${last}`)
}
