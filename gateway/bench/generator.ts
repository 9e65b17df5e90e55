import { performance } from 'node:perf_hooks'
import { Line } from './line.ts'
import type { Measured } from './load.ts'

// A load generator in a process of its own: RATE requests a second (open loop), or CONNECTIONS at a time (closed loop).
// It speaks over bare sockets: a client library's work would be taken for the gateway's slowness on a machine of two cores.
const url = new URL(process.env.URL ?? '')
const seconds = Number(process.env.SECONDS ?? 5)
const rate = Number(process.env.RATE ?? 0)
const connections = Number(process.env.CONNECTIONS ?? 0)
const patienceMs = Number(process.env.PATIENCE ?? 10) * 1_000
const inTimeMs = 1_000

const request = Buffer.from(
  `GET ${url.pathname} HTTP/1.1\r\nhost: ${url.host}\r\nauthorization: Bearer ${'t'.repeat(43)}\r\n\r\n`,
)
const idle: Line[] = []
const okMs: number[] = []
const failedMs: number[] = []
/** From when it was written: without the time for which this process was late to write it. */
const refusedMs: number[] = []
const lateMs: number[] = []
let unanswered = 0
let inTime = 0
let open = 0

function send(dueMs: number, done: () => void): void {
  open += 1
  const line = idle.pop() ?? new Line(Number(url.port), request)
  line.ask((status, sentAtMs) => {
    const nowMs = performance.now()
    open -= 1
    if (line.usable) idle.push(line)
    lateMs.push(sentAtMs - dueMs)
    if (status === 200) okMs.push(nowMs - dueMs)
    else failedMs.push(nowMs - dueMs)
    if (status === 200 && nowMs < untilMs && nowMs - dueMs <= inTimeMs) inTime += 1
    if (status === 0) unanswered += 1
    else if (status !== 200) refusedMs.push(nowMs - sentAtMs)
    done()
  })
}

// A gateway has its clients' connections already: opening hundreds in the first moment is another test.
const lines = Array.from({ length: rate > 0 ? 256 : connections }, () => new Line(Number(url.port), request))
await Promise.all(lines.map(line => line.opened))
idle.push(...lines)

const cpuBefore = process.cpuUsage()
const fromMs = performance.now()
const untilMs = fromMs + seconds * 1_000
if (rate > 0) await openLoop()
else await closedLoop()

async function openLoop(): Promise<void> {
  let dueMs = fromMs
  while (dueMs < untilMs) {
    // At most so many at once: answers must be heard even when this process is behind.
    for (let burst = 0; burst < 64 && dueMs < untilMs && dueMs <= performance.now(); burst += 1) {
      send(dueMs, () => {})
      // Poisson arrivals: exponential gaps.
      dueMs += (-Math.log(1 - Math.random()) * 1_000) / rate
    }
    await new Promise<void>(resolve => (dueMs > performance.now() ? setTimeout(resolve, 1) : setImmediate(resolve)))
  }
  while (open > 0 && performance.now() < untilMs + patienceMs) await new Promise(resolve => setTimeout(resolve, 10))
  // Who has no answer by now has none.
  unanswered += open
  for (; open > 0; open -= 1) failedMs.push(performance.now() - untilMs)
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

const cpu = process.cpuUsage(cpuBefore)
const tookMs = performance.now() - fromMs
const ascending = (a: number, b: number) => a - b
const allMs = [...okMs, ...failedMs].sort(ascending)
for (const list of [okMs, failedMs, refusedMs, lateMs]) list.sort(ascending)
const at = (list: readonly number[], part: number) =>
  list[Math.min(list.length - 1, Math.floor(list.length * part))] ?? 0
const measured: Measured = {
  requests: allMs.length,
  failures: failedMs.length,
  unanswered,
  inTime,
  seconds,
  p50Ms: at(allMs, 0.5),
  p99Ms: at(allMs, 0.99),
  p999Ms: at(allMs, 0.999),
  okP50Ms: at(okMs, 0.5),
  okP99Ms: at(okMs, 0.99),
  refusedP50Ms: at(refusedMs, 0.5),
  refusedP99Ms: at(refusedMs, 0.99),
  lateP99Ms: at(lateMs, 0.99),
  ownCores: (cpu.user + cpu.system) / 1_000 / tookMs,
}
console.log(JSON.stringify(measured))
process.exit()
