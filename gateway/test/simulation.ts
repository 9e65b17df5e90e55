import { type BalancerOptions, createBalancer, nobody, type Strategy } from '../src/balancing/balancer.ts'
import type { Replica } from '../src/balancing/replica.ts'
import { createReplica } from '../src/balancing/replica.ts'
import { createHedgeAllowance, hedgeAllowanceDefaults } from '../src/forward/hedge-allowance.ts'
import { hedgeAfterMs, newTrack, track, trackGivenUp } from '../src/forward/latency.ts'
import { createRetryBudget, retryBudgetDefaults } from '../src/forward/retry-budget.ts'
import { foundAt } from './forward-harness.ts'

// A service in a clock of its own: requests come at random with a fixed rate, each replica works on a few at a time and
// queues the rest. Everything random comes from one seed, so a run is the same each time.

export interface SimulatedReplica {
  /** Mean time to work on one request, at this time of the run. */
  readonly serviceMs: (atMs: number) => number
  /** How many at a time. */
  readonly slots: number
  readonly weight?: number
  /** Whether it refuses at once instead of working. */
  readonly fails?: (atMs: number) => boolean
  /** When it comes; before that nobody knows it. */
  readonly fromMs?: number
}

export interface Simulation {
  readonly strategy: Strategy
  readonly replicas: readonly SimulatedReplica[]
  readonly perSecond: number
  readonly seconds: number
  readonly seed: number
  readonly slowStartMs?: number
  /** Whether slow requests are asked of a second replica, as the forwarder asks; who loses is not told and works on. */
  readonly hedges?: boolean
  readonly keys?: (random: () => number) => string
}

export interface Simulated {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  readonly failures: number
  readonly hedges: number
  /** Requests each replica got, hedges among them. */
  readonly shares: readonly number[]
  /** For each key, which replicas it met. */
  readonly met: ReadonlyMap<string, ReadonlySet<number>>
}

/** mulberry32: 32 bits of state, enough for a test. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

type Kind = 'ok' | 'failure' | 'cancelled'

/** One request at one replica. */
interface Sent {
  readonly replica: Replica
  readonly sentAtMs: number
  over: boolean
  end(kind: Kind): void
}

const hedgeFloorMs = 20

interface Event {
  atMs: number
  run: () => void
}

export function simulate(simulation: Simulation): Simulated {
  const random = seeded(simulation.seed)
  const events = createQueue()
  let nowMs = 0
  const options: BalancerOptions = { clock: () => nowMs, random, slowStartMs: simulation.slowStartMs ?? 0 }
  const balancer = createBalancer(simulation.strategy, options)
  const replicas: Replica[] = []
  let present: Replica[] = []
  const busy: number[] = []
  const waiting: (() => void)[][] = []
  const shares: number[] = []
  const latencies: number[] = []
  const met = new Map<string, Set<number>>()
  const latency = newTrack()
  const allowance = createHedgeAllowance(hedgeAllowanceDefaults)
  const budget = createRetryBudget({ clock: () => nowMs, ...retryBudgetDefaults })
  let failures = 0
  let hedges = 0

  simulation.replicas.forEach((simulated, index) => {
    busy.push(0)
    waiting.push([])
    shares.push(0)
    const join = () => {
      const found = foundAt('http://127.0.0.1:1', `replica-${index}`, { weight: simulated.weight ?? 1 })
      const replica = createReplica('simulated', found, nowMs)
      replicas[index] = replica
      present = [...present, replica]
    }
    if (simulated.fromMs === undefined) join()
    else events.push({ atMs: simulated.fromMs, run: join })
  })

  function work(index: number, done: () => void): void {
    const simulated = simulation.replicas[index]
    if (simulated === undefined) return
    if ((busy[index] ?? 0) >= simulated.slots) {
      waiting[index]?.push(() => work(index, done))
      return
    }
    busy[index] = (busy[index] ?? 0) + 1
    const tookMs = simulated.serviceMs(nowMs) * (0.5 + random())
    events.push({
      atMs: nowMs + tookMs,
      run: () => {
        busy[index] = (busy[index] ?? 1) - 1
        done()
        waiting[index]?.shift()?.()
      },
    })
  }

  /** Sends a request to whoever is picked; `end` is called once: it answered, failed, or was given up. */
  function send(hashKey: string | undefined, exclude: ReadonlySet<string>, end: (sent: Sent, kind: Kind) => void) {
    const pick = balancer.pick(present, { hashKey, explain: false }, exclude)
    if (pick === null) return null
    const { replica } = pick
    const index = replicas.indexOf(replica)
    shares[index] = (shares[index] ?? 0) + 1
    if (hashKey !== undefined) met.set(hashKey, (met.get(hashKey) ?? new Set()).add(index))
    replica.inFlight += 1
    const sentAtMs = nowMs
    const sent: Sent = { replica, sentAtMs, over: false, end: kind => close(kind) }
    const close = (kind: Kind) => {
      if (sent.over) return
      sent.over = true
      replica.inFlight -= 1
      balancer.report(replica, { latencyMs: nowMs - sentAtMs, kind })
      end(sent, kind)
    }
    if (simulation.replicas[index]?.fails?.(nowMs)) events.push({ atMs: nowMs + 0.2, run: () => close('failure') })
    else work(index, () => close('ok'))
    return sent
  }

  function arrive(): void {
    const arrivedAtMs = nowMs
    const hashKey = simulation.keys?.(random)
    let hedge: Sent | null = null
    budget.deposit()
    allowance.deposit()
    const primary = send(hashKey, nobody, (sent, kind) => {
      if (kind === 'ok') track(latency, nowMs - sent.sentAtMs)
      else if (kind === 'cancelled') trackGivenUp(latency, nowMs - sent.sentAtMs)
      settle(kind, hedge)
    })
    if (primary === null) return
    const settle = (kind: Kind, other: Sent | null) => {
      if (kind === 'failure') failures += 1
      else if (kind === 'ok') {
        latencies.push(nowMs - arrivedAtMs)
        other?.end('cancelled')
      }
    }
    const hedgeAtMs = nowMs + (simulation.hedges ? hedgeAfterMs(latency, hedgeFloorMs) : Number.POSITIVE_INFINITY)
    if (hedgeAtMs === Number.POSITIVE_INFINITY) return
    const run = () => {
      if (primary.over || !allowance.withdraw() || !budget.withdraw()) return
      hedges += 1
      hedge = send(hashKey, new Set([primary.replica.id]), (_, kind) => {
        if (kind === 'ok') allowance.won()
        settle(kind, primary)
      })
    }
    events.push({ atMs: hedgeAtMs, run })
  }

  const untilMs = simulation.seconds * 1_000
  let nextMs = 0
  while (nextMs < untilMs) {
    while (events.peek() <= nextMs) {
      const event = events.pop()
      nowMs = event.atMs
      event.run()
    }
    nowMs = nextMs
    arrive()
    nextMs += (-Math.log(1 - random()) * 1_000) / simulation.perSecond
  }
  for (const replica of replicas) void replica?.pool.destroy()
  latencies.sort((a, b) => a - b)
  const at = (part: number) => latencies[Math.floor(latencies.length * part)] ?? Number.NaN
  return { p50Ms: at(0.5), p99Ms: at(0.99), p999Ms: at(0.999), failures, hedges, shares, met }
}

/** A binary heap by time. */
function createQueue() {
  const heap: Event[] = []
  const swap = (a: number, b: number) => {
    const kept = heap[a]
    const other = heap[b]
    if (kept === undefined || other === undefined) return
    heap[a] = other
    heap[b] = kept
  }
  const timeOf = (index: number) => heap[index]?.atMs ?? Number.POSITIVE_INFINITY
  return {
    peek: () => timeOf(0),
    push(event: Event) {
      heap.push(event)
      let index = heap.length - 1
      while (index > 0) {
        const parent = (index - 1) >> 1
        if (timeOf(parent) <= timeOf(index)) break
        swap(parent, index)
        index = parent
      }
    },
    pop(): Event {
      const first = heap[0]
      const last = heap.pop()
      if (first === undefined || last === undefined) throw new Error('empty')
      if (heap.length > 0) heap[0] = last
      let index = 0
      for (;;) {
        const left = index * 2 + 1
        const least = timeOf(left + 1) < timeOf(left) ? left + 1 : left
        if (timeOf(least) >= timeOf(index)) return first
        swap(index, least)
        index = least
      }
    },
  }
}
