import { performance } from 'node:perf_hooks'
import { Pool } from 'undici'

// A load generator in a process of its own: RATE requests a second (open loop), or CONNECTIONS at a time (closed loop).
const url = new URL(process.env.URL ?? '')
const seconds = Number(process.env.SECONDS ?? 5)
const rate = Number(process.env.RATE ?? 0)
const connections = Number(process.env.CONNECTIONS ?? 0)

const pool = new Pool(url.origin, { headersTimeout: 0, bodyTimeout: 0 })
const latenciesMs: number[] = []
let failures = 0
let open = 0

function send(dueMs: number, done: () => void): void {
  open += 1
  let ok = false
  const end = () => {
    open -= 1
    latenciesMs.push(performance.now() - dueMs)
    if (!ok) failures += 1
    done()
  }
  pool.dispatch(
    { path: url.pathname, method: 'GET', headers: { authorization: `Bearer ${'t'.repeat(43)}` } },
    {
      onRequestStart() {},
      onResponseStart(_controller, status) {
        ok = status === 200
      },
      onResponseData() {},
      onResponseEnd: end,
      onResponseError() {
        ok = false
        end()
      },
    },
  )
}

const fromMs = performance.now()
const untilMs = fromMs + seconds * 1_000
if (rate > 0) await openLoop()
else await closedLoop()

async function openLoop(): Promise<void> {
  let dueMs = fromMs
  while (dueMs < untilMs) {
    while (dueMs <= performance.now()) {
      send(dueMs, () => {})
      // Poisson arrivals: exponential gaps.
      dueMs += (-Math.log(1 - Math.random()) * 1_000) / rate
    }
    await new Promise(resolve => setTimeout(resolve, 1))
  }
  const patienceMs = performance.now() + 10_000
  while (open > 0 && performance.now() < patienceMs) await new Promise(resolve => setTimeout(resolve, 10))
  failures += open
}

async function closedLoop(): Promise<void> {
  const one = () =>
    new Promise<void>(resolve => {
      const next = () => {
        const nowMs = performance.now()
        if (nowMs >= untilMs) resolve()
        else send(nowMs, next)
      }
      next()
    })
  await Promise.all(Array.from({ length: connections }, one))
}

latenciesMs.sort((a, b) => a - b)
const at = (part: number) => latenciesMs[Math.min(latenciesMs.length - 1, Math.floor(latenciesMs.length * part))] ?? 0
console.log(
  JSON.stringify({
    requests: latenciesMs.length,
    failures,
    seconds,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    p999Ms: at(0.999),
  }),
)
await pool.destroy()
