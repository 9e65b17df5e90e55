import { closedLoop, type Measured, openLoop } from './load.ts'
import type { PeerKind } from './peers.ts'
import { freePort, type Running, startScript } from './processes.ts'
import { median, table } from './report.ts'

export interface SlowOptions {
  readonly rounds: number
  readonly seconds: number
}

const serviceMs = 10
const slots = 4
const slower = 10

/**
 * 60% of what is left when one is ten times slower, and 60% of what three healthy ones can do. At the second rate the two
 * that are left work at nine tenths of what they can: whatever a balancer does, requests queue, and the row of those two
 * alone tells how long.
 */
const loads = [
  { name: '60% of what is left', replicas: 2 + 1 / slower },
  { name: '60% of what three can do', replicas: 3 },
]

/** One of three replicas ten times slower, requests at a fixed rate (open loop): what do clients wait? */
export async function measureSlowReplica(kinds: readonly PeerKind[], options: SlowOptions): Promise<void> {
  const fast = await Promise.all([1, 2, 3].map(() => startReplica(serviceMs)))
  const slow = await startReplica(serviceMs * slower)
  try {
    // Timers are late by up to a millisecond: a replica can do less than its service time says.
    const { requests, seconds } = await closedLoop(urlOf(fast[0] ?? slow), slots * 2, 3)
    for (const { name, replicas } of loads) {
      const rate = (0.6 * replicas * requests) / seconds
      console.log(
        `\nThree replicas of ${serviceMs} ms and ${slots} at a time, ${name}: ${rate.toFixed(0)}/s, open loop`,
      )
      await measureAt(rate, kinds, fast, slow, options)
    }
  } finally {
    await Promise.all([...fast, slow].map(running => running.stop()))
  }
}

async function measureAt(
  rate: number,
  kinds: readonly PeerKind[],
  fast: readonly Running[],
  slow: Running,
  options: SlowOptions,
): Promise<void> {
  const healthy = await measureAll(rate, kinds, fast, options)
  const lame = await measureAll(rate, kinds, [...fast.slice(0, 2), slow], options)
  const [first] = kinds
  const alone =
    first === undefined ? new Map<PeerKind, Measured[]>() : await measureAll(rate, [first], fast.slice(0, 2), options)
  const rowsOf = (name: string, before: readonly Measured[] = [], after: readonly Measured[] = []) =>
    after.length === 0 ? [] : [rowOf(name, before, after)]
  table(
    ['', ...['healthy', 'one 10x slower', 'x healthy'].flatMap(of => [`${of} p50`, 'p99', 'p99.9']), 'failed'],
    [
      ...kinds.flatMap(kind => rowsOf(kind.name, healthy.get(kind), lame.get(kind))),
      ...(first === undefined ? [] : rowsOf('without the slow one', healthy.get(first), alone.get(first))),
    ],
  )
}

function rowOf(name: string, before: readonly Measured[], after: readonly Measured[]): string[] {
  return [
    name,
    ...cells(before),
    ...cells(after),
    ...percentiles.map(what => (of(after, what) / of(before, what)).toFixed(2)),
    String(after.reduce((sum, one) => sum + one.failures, 0)),
  ]
}

const of = (rounds: readonly Measured[], what: 'p50Ms' | 'p99Ms' | 'p999Ms') => median(rounds.map(round => round[what]))
const percentiles = ['p50Ms', 'p99Ms', 'p999Ms'] as const
const cells = (rounds: readonly Measured[]) => percentiles.map(what => of(rounds, what).toFixed(1))

async function measureAll(
  rate: number,
  kinds: readonly PeerKind[],
  replicas: readonly Running[],
  { rounds, seconds }: SlowOptions,
) {
  const upstreams = replicas.map(replica => `http://127.0.0.1:${replica.port}`)
  const measured = new Map<PeerKind, Measured[]>()
  const peers = new Map<PeerKind, Running>()
  try {
    for (const kind of kinds) if (kind.missing() === null) peers.set(kind, await kind.start(upstreams))
    for (const peer of peers.values()) await openLoop(urlOf(peer), rate, 2)
    for (let round = 0; round < rounds; round += 1) {
      for (const [kind, peer] of peers) {
        const list = measured.get(kind) ?? []
        list.push(await openLoop(urlOf(peer), rate, seconds))
        measured.set(kind, list)
      }
    }
  } finally {
    await Promise.all([...peers.values()].map(peer => peer.stop()))
  }
  return measured
}

const urlOf = (peer: Running) => `http://127.0.0.1:${peer.port}/v1/posts/0190`

async function startReplica(ms: number): Promise<Running> {
  const port = await freePort()
  const env = { SERVICE_MS: String(ms), SLOTS: String(slots) }
  return startScript('replica', port, `${import.meta.dirname}/replica.ts`, env)
}
