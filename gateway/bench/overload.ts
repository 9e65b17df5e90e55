import { type Measured, openLoop } from './load.ts'
import type { PeerKind } from './peers.ts'
import { freePort, type Running, startScript } from './processes.ts'
import { median, table } from './report.ts'

const serviceMs = 10
const slots = 4
/** What two replicas can do a second. */
const capacity = (2 * slots * 1_000) / serviceMs
const offers = [0.8, 5]

/** More requests than can be served: how many are served all the same, and how long do the others wait for their refusal? */
export async function measureOverload(
  kinds: readonly PeerKind[],
  { rounds, seconds }: { rounds: number; seconds: number },
): Promise<void> {
  const replicas = await Promise.all([startReplica(), startReplica()])
  const upstreams = replicas.map(replica => `http://127.0.0.1:${replica.port}`)
  console.log(`\nTwo replicas that can do ${capacity}/s, open loop: what 5 times as many requests come to`)
  const rows: string[][] = []
  try {
    for (const kind of kinds) {
      if (kind.missing() !== null) continue
      const peer = await kind.start(upstreams)
      const measured = new Map<number, Measured[]>(offers.map(offer => [offer, []]))
      await openLoop(urlOf(peer), capacity * 0.5, 2)
      for (let round = 0; round < rounds; round += 1) {
        for (const [offer, list] of measured) list.push(await openLoop(urlOf(peer), capacity * offer, seconds))
      }
      const own = await ownRefusedP99(peer)
      await peer.stop()
      for (const [offer, list] of measured) rows.push([...rowOf(`${kind.name}, ${offer} x`, list), own])
    }
  } finally {
    await Promise.all(replicas.map(replica => replica.stop()))
  }
  table(
    [
      '',
      'served/s',
      'p50 ms',
      'p99 ms',
      'refused/s',
      'refused p99 ms',
      'since sent',
      'generator late',
      'by its own clock',
    ],
    rows,
  )
}

/**
 * What the gateway counted of its refusals, from a request's head to the answer written: without the time for which
 * generator, replicas and gateway waited for one of the machine's cores.
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

function rowOf(name: string, list: readonly Measured[]): string[] {
  const of = (what: (one: Measured) => number) => median(list.map(what))
  return [
    name,
    of(one => (one.requests - one.failures) / one.seconds).toFixed(0),
    of(one => one.okP50Ms).toFixed(1),
    of(one => one.okP99Ms).toFixed(1),
    of(one => one.failures / one.seconds).toFixed(0),
    of(one => one.failedP99Ms).toFixed(1),
    of(one => one.failedSinceSentP99Ms).toFixed(1),
    of(one => one.ownDelayP99Ms).toFixed(1),
  ]
}

const urlOf = (peer: Running) => `http://127.0.0.1:${peer.port}/v1/posts/0190`

async function startReplica(): Promise<Running> {
  const env = { SERVICE_MS: String(serviceMs), SLOTS: String(slots) }
  return startScript('replica', await freePort(), `${import.meta.dirname}/replica.ts`, env)
}
