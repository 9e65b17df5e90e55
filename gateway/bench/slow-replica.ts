import { type Measured, openLoop } from './load.ts'
import type { PeerKind } from './peers.ts'
import { freePort, type Running, startScript } from './processes.ts'
import { median, table } from './report.ts'

export interface SlowOptions {
  readonly rounds: number
  readonly seconds: number
}

const serviceMs = 10
const slots = 4
/** One healthy replica can do this many a second. */
const capacity = (slots * 1_000) / serviceMs
/** 60% of what three healthy ones can do, and 60% of what is left when one is ten times slower. */
const rates = [0.6 * 3 * capacity, 0.6 * 2.1 * capacity]

/** One of three replicas ten times slower, requests at a fixed rate (open loop): what do clients wait? */
export async function measureSlowReplica(kinds: readonly PeerKind[], options: SlowOptions): Promise<void> {
  const fast = await Promise.all([1, 2, 3].map(() => startReplica(serviceMs)))
  const slow = await startReplica(serviceMs * 10)
  try {
    for (const rate of rates) await measureAt(rate, kinds, fast, slow, options)
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
  console.log(`\nThree replicas of ${serviceMs} ms and ${slots} at a time, ${rate.toFixed(0)} requests/s, open loop`)
  table(
    ['', 'healthy p50', 'p99', 'p99.9', 'one 10x slower p50', 'p99', 'p99.9', 'p99 x healthy', 'failed'],
    kinds.flatMap(kind => {
      const before = healthy.get(kind)
      const after = lame.get(kind)
      if (before === undefined || after === undefined) return []
      return [
        [
          kind.name,
          ...cells(before),
          ...cells(after),
          (of(after, 'p99Ms') / of(before, 'p99Ms')).toFixed(2),
          String(after.reduce((sum, one) => sum + one.failures, 0)),
        ],
      ]
    }),
  )
}

const of = (rounds: readonly Measured[], what: 'p50Ms' | 'p99Ms' | 'p999Ms') => median(rounds.map(round => round[what]))
const cells = (rounds: readonly Measured[]) =>
  (['p50Ms', 'p99Ms', 'p999Ms'] as const).map(what => of(rounds, what).toFixed(1))

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
