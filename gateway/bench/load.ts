import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { installed } from './processes.ts'

export interface Measured {
  requests: number
  failures: number
  /** Of the failures: those that had no answer at all. */
  unanswered: number
  /** Served while requests still came, and within a second of when they were due: who waits longer has left. */
  inTime: number
  seconds: number
  p50Ms: number
  p99Ms: number
  p999Ms: number
  /** Of the served ones, and of the others. */
  okP50Ms: number
  okP99Ms: number
  /** Of those that had an answer, from when they were written, not from when they were due. */
  refusedP50Ms: number
  refusedP99Ms: number
  /** How late the generator wrote its requests. */
  lateP99Ms: number
  /** The generator's own share of a core. */
  ownCores: number
}

const unmeasured = {
  p999Ms: Number.NaN,
  okP50Ms: Number.NaN,
  okP99Ms: Number.NaN,
  refusedP50Ms: Number.NaN,
  refusedP99Ms: Number.NaN,
  lateP99Ms: Number.NaN,
  ownCores: Number.NaN,
}

/** As many requests as come back, over a fixed number of connections: by wrk when it is there, else by our own. */
export async function closedLoop(
  url: string,
  connections: number,
  seconds: number,
  token: string | null = 't'.repeat(43),
): Promise<Measured> {
  if (!installed('wrk')) return openOrClosed({ URL: url, CONNECTIONS: String(connections), SECONDS: String(seconds) })
  const text = await output('wrk', [
    '-t1',
    `-c${connections}`,
    `-d${seconds}s`,
    '--latency',
    ...(token === null ? [] : ['-H', `Authorization: Bearer ${token}`]),
    url,
  ])
  const requests = Number(/(\d+) requests in/.exec(text)?.[1] ?? 0)
  const bad = Number(/Non-2xx or 3xx responses: (\d+)/.exec(text)?.[1] ?? 0)
  const errors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text)
  const broken = (errors ?? []).slice(1).reduce((sum, count) => sum + Number(count), 0)
  return {
    requests,
    failures: bad + broken,
    unanswered: broken,
    inTime: requests - bad,
    seconds,
    p50Ms: wrkTime(text, '50%'),
    p99Ms: wrkTime(text, '99%'),
    ...unmeasured,
  }
}

/**
 * Requests at a fixed rate, whether or not the earlier ones have come back; latency counts from when it was due. Who has
 * no answer `patienceSeconds` after the last was sent, is waited for no longer.
 */
export function openLoop(
  url: string,
  perSecond: number,
  seconds: number,
  { patienceSeconds = 10 } = {},
): Promise<Measured> {
  const env = { URL: url, RATE: String(perSecond), SECONDS: String(seconds), PATIENCE: String(patienceSeconds) }
  return openOrClosed(env)
}

async function openOrClosed(env: Record<string, string>): Promise<Measured> {
  return JSON.parse(await output(process.execPath, [join(import.meta.dirname, 'generator.ts')], env))
}

function wrkTime(text: string, percentile: string): number {
  const found = new RegExp(`${percentile}\\s+([\\d.]+)(us|ms|s)`).exec(text)
  if (found === null) return Number.NaN
  return Number(found[1]) * (found[2] === 'us' ? 0.001 : found[2] === 's' ? 1_000 : 1)
}

function output(command: string, args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...env } })
    let text = ''
    child.stdout.setEncoding('utf8').on('data', chunk => {
      text += chunk
    })
    child.once('error', reject)
    child.once('close', code => (code === 0 ? resolve(text) : reject(new Error(`${command} ended with ${code}`))))
  })
}
