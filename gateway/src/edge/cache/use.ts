import type { Directives } from './cache-control.ts'
import type { KeptHead } from './entry.ts'

/**
 * What may be done with a kept answer (RFC 9111, section 4):
 * - `use` it as it is
 * - `refresh`: use it, stale, and ask for a new one behind the client's back (RFC 5861, section 3)
 * - `ask` first
 */
export type Use = 'use' | 'refresh' | 'ask'

/** @param asked the request's directives */
export function useOf(head: KeptHead, asked: Directives, nowMs: number): Use {
  const ageMs = nowMs - head.bornAtMs
  const leftMs = head.lifetimeMs - ageMs
  if (head.noCache || asked.noCache) return 'ask'
  if (asked.maxAge !== null && ageMs > asked.maxAge * 1_000) return 'ask'
  if (asked.minFresh !== null && leftMs < asked.minFresh * 1_000) return 'ask'
  if (leftMs > 0) return 'use'
  if (asked.maxStale !== null && !head.strict && -leftMs <= asked.maxStale * 1_000) return 'use'
  return -leftMs < head.whileRevalidatingMs ? 'refresh' : 'ask'
}

/** Whether it may stand in for an answer that failed (RFC 5861, section 4). */
export function usableOnError(head: KeptHead, nowMs: number): boolean {
  return !head.noCache && nowMs - head.bornAtMs < head.lifetimeMs + head.onErrorMs
}

/** Failures of the service for which something stale may stand in. */
export const isFailure = (status: number) => status === 500 || (status >= 502 && status <= 504)
