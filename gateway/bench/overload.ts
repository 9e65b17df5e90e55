import { readFileSync } from 'node:fs'
import { type Measured, openLoop } from './load.ts'
import type { PeerKind } from './peers.ts'
import { clockTickUs, cpuOf, freePort, type Running, startScript } from './processes.ts'
import { median, table } from './report.ts'

export const slots = 4
const serviceMs = 20
const replicaCount = 2
/**
 * What the replicas can do a second: so little that this machine can send five times as much, answer it, and stand idle
 * for a part of the time. Where generator, replicas and proxy wait for one of its cores, their waiting is measured.
 */
const capacity = (replicaCount * slots * 1_000) / serviceMs
const offers = [0.8, 1, 5]
/** Longer than anybody counts as served. */
const patience = { patienceSeconds: 1.5 }

interface Round extends Measured {
  /** CPU of the peer for each request, whatever became of it. */
  readonly peerUs: number
  /** Cores of the machine that were busy, with everything that ran on it. */
  readonly busyCores: number
}

/**
 * More requests than can be served: how many are served all the same, within a second, and how long do the others wait
 * for their refusal?
 */
export async function measureOverload(
  kinds: readonly PeerKind[],
  options: { rounds: number; seconds: number },
): Promise<void> {
  const replicas = await Promise.all(Array.from({ length: replicaCount }, startReplica))
  const rows: string[][] = []
  try {
    for (const kind of kinds) {
      const missing = kind.missing()
      if (missing === null) rows.push(...(await measurePeer(kind, replicas, options)))
      else console.log(`not measured: ${missing}`)
    }
  } finally {
    await Promise.all(replicas.map(replica => replica.stop()))
  }
  console.log(`\n${replicaCount} replicas of ${serviceMs} ms and ${slots} at a time: capacity ${capacity}/s, open loop`)
  console.log('Served: within a second of when it was due. Refused: from written to read, in milliseconds.')
  table(
    [
      '',
      'offered/s',
      'served/s',
      'of peak',
      'p50',
      'p99',
      'refused/s',
      'p50',
      'p99',
      'unanswered',
      'CPU us/request',
      'its own p99',
      'generator late p99',
      'its cores',
      'machine busy',
    ],
    rows,
  )
}

async function measurePeer(
  kind: PeerKind,
  replicas: readonly Running[],
  { rounds, seconds }: { rounds: number; seconds: number },
): Promise<string[][]> {
  const peer = await kind.start(replicas.map(addressOf))
  const measured = offers.map(offer => ({ offer, list: [] as Round[] }))
  try {
    await openLoop(urlOf(peer), capacity * 0.5, 2)
    for (let round = 0; round < rounds; round += 1) {
      for (const { offer, list } of measured) {
        list.push(await measureRound(peer, capacity * offer, seconds))
        await Promise.all(replicas.map(isIdle))
      }
    }
    const own = await ownRefusedP99(peer)
    const peak = Math.max(...measured.map(({ list }) => median(list.map(served))))
    return measured.map(({ offer, list }) => rowOf(`${kind.name}, ${offer} x`, list, peak, offer > 1 ? own : ''))
  } finally {
    await peer.stop()
  }
}

const served = ({ inTime, seconds }: Measured) => inTime / seconds

async function measureRound(peer: Running, rate: number, seconds: number): Promise<Round> {
  const [before, busyBefore, fromMs] = [cpuOf(peer.pid), busyUs(), performance.now()]
  const measured = await openLoop(urlOf(peer), rate, seconds, patience)
  const [after, busyAfter, toMs] = [cpuOf(peer.pid), busyUs(), performance.now()]
  const peerUs = after.userUs + after.systemUs - before.userUs - before.systemUs
  return {
    ...measured,
    peerUs: peerUs / measured.requests,
    busyCores: (busyAfter - busyBefore) / 1_000 / (toMs - fromMs),
  }
}

/** CPU time of all cores together, of whatever ran (proc(5): user, nice, system; then idle and iowait; irq, softirq). */
function busyUs(): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = readFileSync('/proc/stat', 'utf8')
    .slice(0, 200)
    .replace(/^cpu +/, '')
    .split(' ')
    .map(Number)
  return (user + nice + system + irq + softirq) * clockTickUs
}

/** What it was sent in an overload is worked off: it takes one after the other. */
async function isIdle(replica: Running): Promise<void> {
  await (await fetch(`${addressOf(replica)}/v1/posts/0190`)).arrayBuffer()
}

/**
 * What the gateway counted of its refusals, from a request's head to the answer written: without the time for which
 * request and answer waited in the kernel.
 */
async function ownRefusedP99({ adminPort }: Running): Promise<string> {
  if (adminPort === undefined) return ''
  const page = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text()
  const buckets = [...page.matchAll(/^http_server_request_duration_seconds_bucket\{(.*)\} (\d+)$/gm)]
    .filter(([, labels = '']) => labels.includes('error_type="overloaded"'))
    .map(([, labels = '', count]) => ({ le: /le="([^"]+)"/.exec(labels)?.[1] ?? '', count: Number(count) }))
  const all = buckets.at(-1)?.count ?? 0
  const reached = buckets.find(({ count }) => count >= all * 0.99)
  return all === 0 || reached === undefined ? '' : `<= ${Number(reached.le) * 1_000} ms`
}

function rowOf(name: string, list: readonly Round[], peak: number, own: string): string[] {
  const of = (what: (one: Round) => number) => median(list.map(what))
  return [
    name,
    of(one => one.requests / one.seconds).toFixed(0),
    of(served).toFixed(0),
    `${((100 * of(served)) / peak).toFixed(0)}%`,
    of(one => one.okP50Ms).toFixed(1),
    of(one => one.okP99Ms).toFixed(1),
    of(one => (one.failures - one.unanswered) / one.seconds).toFixed(1),
    of(one => one.refusedP50Ms).toFixed(1),
    of(one => one.refusedP99Ms).toFixed(1),
    String(list.reduce((sum, one) => sum + one.unanswered, 0)),
    of(one => one.peerUs).toFixed(0),
    own,
    of(one => one.lateP99Ms).toFixed(1),
    of(one => one.ownCores).toFixed(2),
    of(one => one.busyCores).toFixed(2),
  ]
}

const addressOf = ({ port }: Running) => `http://127.0.0.1:${port}`
const urlOf = (peer: Running) => `${addressOf(peer)}/v1/posts/0190`

async function startReplica(): Promise<Running> {
  const env = { SERVICE_MS: String(serviceMs), SLOTS: String(slots) }
  return startScript('replica', await freePort(), `${import.meta.dirname}/replica.ts`, env)
}
