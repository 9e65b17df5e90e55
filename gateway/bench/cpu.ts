import { closedLoop, type Measured } from './load.ts'
import type { PeerKind } from './peers.ts'
import { cpuOf, freePort, type Running, startScript } from './processes.ts'
import { median, table } from './report.ts'

export interface CpuOptions {
  readonly rounds: number
  readonly seconds: number
  readonly connections: number
}

interface Round extends Measured {
  userUs: number
  systemUs: number
}

/** CPU per proxied GET of each peer, in front of the same two replicas: rounds interleaved, medians told. */
export async function measureCpu(kinds: readonly PeerKind[], options: CpuOptions): Promise<void> {
  const replicas = await Promise.all([1, 2].map(() => startReplica()))
  const upstreams = replicas.map(replica => `http://127.0.0.1:${replica.port}`)
  const peers: Running[] = []
  try {
    for (const kind of kinds) {
      const missing = kind.missing()
      if (missing === null) peers.push(await kind.start(upstreams))
      else console.log(`not measured: ${missing}`)
    }
    const rounds = new Map<Running, Round[]>(peers.map(peer => [peer, []]))
    for (const peer of peers) await closedLoop(urlOf(peer), options.connections, 5)
    for (let round = 0; round < options.rounds; round += 1) {
      for (const peer of peers) rounds.get(peer)?.push(await measureRound(peer, options))
    }
    report(rounds)
  } finally {
    await Promise.all([...peers, ...replicas].map(running => running.stop()))
  }
}

async function startReplica(): Promise<Running> {
  const port = await freePort()
  return startScript('replica', port, `${import.meta.dirname}/replica.ts`, {})
}

const urlOf = (peer: Running) => `http://127.0.0.1:${peer.port}/v1/posts/0190`

async function measureRound(peer: Running, { seconds, connections }: CpuOptions): Promise<Round> {
  const before = cpuOf(peer.pid)
  const measured = await closedLoop(urlOf(peer), connections, seconds)
  const after = cpuOf(peer.pid)
  const { requests } = measured
  return {
    ...measured,
    userUs: (after.userUs - before.userUs) / requests,
    systemUs: (after.systemUs - before.systemUs) / requests,
  }
}

const cpuOfRound = ({ userUs, systemUs }: Round) => userUs + systemUs

// A shared machine is faster in one minute and slower in the next, for all of them: only within a round do they compare.
function report(rounds: ReadonlyMap<Running, Round[]>): void {
  const floor = [...rounds].find(([peer]) => peer.name.startsWith('undici'))?.[1] ?? []
  const medians = [...rounds].map(([peer, list]) => ({
    name: peer.name,
    cpu: median(list.map(cpuOfRound)),
    ratio: median(list.map((round, index) => cpuOfRound(round) / cpuOfRound(floor[index] ?? round))),
    user: median(list.map(round => round.userUs)),
    system: median(list.map(round => round.systemUs)),
    rate: median(list.map(round => round.requests / round.seconds)),
    p50: median(list.map(round => round.p50Ms)),
    p99: median(list.map(round => round.p99Ms)),
    failures: list.reduce((sum, round) => sum + round.failures, 0),
  }))
  console.log('\nCPU per proxied GET, 600 B of JSON, 64 connections (medians; ratios within each round)')
  table(
    ['', 'CPU us', 'user', 'system', 'x undici', 'req/s', 'p50 ms', 'p99 ms', 'failed'],
    medians.map(one => [
      one.name,
      one.cpu.toFixed(1),
      one.user.toFixed(1),
      one.system.toFixed(1),
      one.ratio.toFixed(2),
      one.rate.toFixed(0),
      one.p50.toFixed(2),
      one.p99.toFixed(2),
      String(one.failures),
    ]),
  )
}
