/** When a request that failed is sent again. */
export interface RetryPolicy {
  /** How many times in all. */
  attempts: number
  /** The wait before the second, doubled each time, milliseconds; half of it is chance. */
  baseMs: number
  /** The longest wait, whatever `Retry-After` says, milliseconds. */
  mostMs: number
}

export const defaultRetry: RetryPolicy = { attempts: 4, baseMs: 200, mostMs: 10_000 }

const worthRepeating = new Set([429, 502, 503, 504])

/**
 * A refusal that time can mend. A 409 is one when it says how long to wait: the same request, under its key, is still
 * being worked on, as when a slow replica was given up for another one.
 */
export function isTransient({ status, headers }: Pick<Response, 'status' | 'headers'>): boolean {
  return worthRepeating.has(status) || (status === 409 && headers.has('retry-after'))
}

/** Full jitter over half of an exponential wait; what the server asks for wins, within `mostMs`. */
export function waitBeforeMs(attempt: number, retryAfter: string | null, policy: RetryPolicy): number {
  const asked = retryAfter === null ? Number.NaN : Number(retryAfter)
  if (Number.isFinite(asked) && asked >= 0) return Math.min(asked * 1_000, policy.mostMs)
  const ceiling = Math.min(policy.baseMs * 2 ** (attempt - 1), policy.mostMs)
  return ceiling / 2 + (Math.random() * ceiling) / 2
}

/** Waits, or rejects as soon as the signal says so. */
export function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = () => {
      signal?.removeEventListener('abort', cancelled)
      resolve()
    }
    const timer = setTimeout(done, milliseconds)
    const cancelled = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    if (signal?.aborted) cancelled()
    else signal?.addEventListener('abort', cancelled, { once: true })
  })
}
