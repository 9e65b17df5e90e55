import { performance } from 'node:perf_hooks'
import { Pool } from 'undici'

interface TestContext {
  teardown(fn: () => unknown): void
  comment(...text: string[]): void
}

/** How many requests a test sends: few in the suite, all of them with `PORTICO_FULL_LOAD=1`. */
export const sized = <T>(full: T, inSuite: T): T => (process.env.PORTICO_FULL_LOAD === '1' ? full : inSuite)

export interface Counted {
  /** By status or error code; empty: every answer was a 200. */
  readonly failures: Record<string, number>
  readonly requests: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly worstMs: number
}

export interface Asked {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly headers?: Record<string, string>
  readonly body?: string
  /** On a connection that is closed behind it: the next one needs another. */
  readonly reset?: boolean
}

export interface LoadOptions {
  readonly url: string
  /** At least so many, and until `until` says that there is nothing more to see. */
  readonly requests: number
  readonly until?: () => boolean
  readonly atOnce?: number
  /** How its connections are made. */
  readonly connect?: Pool.Options['connect']
  readonly ask?: (index: number) => Asked
}

/** Sends requests, so many at a time, each as soon as one before it has its answer. */
export async function load(t: TestContext, options: LoadOptions): Promise<Counted> {
  const { url, requests, until = () => true, atOnce = 8, connect, ask = () => ({ method: 'GET', path: '/' }) } = options
  const pool = new Pool(url, { allowH2: false, ...(connect === undefined ? {} : { connect }) })
  t.teardown(() => pool.destroy())
  const failures: Record<string, number> = {}
  const latenciesMs: number[] = []
  let sent = 0
  async function client(): Promise<void> {
    while (sent < requests || !until()) {
      const asked = ask(sent)
      sent += 1
      const fromMs = performance.now()
      const outcome = await pool.request(asked).then(
        async ({ statusCode, body }) => {
          await body.dump()
          return statusCode === 200 ? '' : String(statusCode)
        },
        error => error.code ?? 'broken',
      )
      latenciesMs.push(performance.now() - fromMs)
      if (outcome !== '') failures[outcome] = (failures[outcome] ?? 0) + 1
    }
  }
  await Promise.all(Array.from({ length: atOnce }, client))
  latenciesMs.sort((a, b) => a - b)
  const at = (part: number) => latenciesMs[Math.min(latenciesMs.length - 1, Math.floor(latenciesMs.length * part))] ?? 0
  const counted = { failures, requests: latenciesMs.length, p50Ms: at(0.5), p99Ms: at(0.99), worstMs: at(1) }
  t.comment(
    `${counted.requests} requests, p50 ${counted.p50Ms.toFixed(1)} ms, p99 ${counted.p99Ms.toFixed(1)} ms, worst ` +
      `${counted.worstMs.toFixed(0)} ms, failed: ${JSON.stringify(failures)}`,
  )
  return counted
}
