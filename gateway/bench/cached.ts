import { join } from 'node:path'
import { gatewayPeer } from './gateway-peer.ts'
import { closedLoop } from './load.ts'
import { cpuOf, freePort, type Running, startScript } from './processes.ts'
import { median, table } from './report.ts'

/** CPU of a GET that the gateway has kept, beside the least that Node's own server can do: rounds interleaved. */
export async function measureCached(options: { rounds: number; seconds: number; connections: number }): Promise<void> {
  const replica = await startScript('replica', await freePort(), join(import.meta.dirname, 'replica.ts'), {})
  const hello = await startScript(
    'node http hello',
    await freePort(),
    join(import.meta.dirname, 'peers', 'hello.ts'),
    {},
  )
  const gateway = await gatewayPeer.start([`http://127.0.0.1:${replica.port}`])
  const peers = [hello, gateway]
  try {
    for (const peer of peers) await closedLoop(urlOf(peer), options.connections, 5, null)
    const rounds = new Map<Running, { cpuUs: number; rate: number; failures: number }[]>()
    for (let round = 0; round < options.rounds; round += 1) {
      for (const peer of peers) rounds.set(peer, [...(rounds.get(peer) ?? []), await measureRound(peer, options)])
    }
    const cpusOf = (peer: Running) => (rounds.get(peer) ?? []).map(({ cpuUs }) => cpuUs)
    // As elsewhere, only what was measured within one round compares.
    const ratio = (peer: Running) => median(cpusOf(peer).map((cpuUs, round) => cpuUs / (cpusOf(hello)[round] ?? cpuUs)))
    console.log('\nCPU per cached GET, 600 B of JSON, 64 connections (medians; ratios within each round)')
    table(
      ['', 'CPU us', 'x hello', 'req/s', 'failed'],
      peers.map(peer => [
        peer.name,
        median(cpusOf(peer)).toFixed(1),
        ratio(peer).toFixed(2),
        median((rounds.get(peer) ?? []).map(({ rate }) => rate)).toFixed(0),
        String((rounds.get(peer) ?? []).reduce((sum, { failures }) => sum + failures, 0)),
      ]),
    )
  } finally {
    await Promise.all([gateway, hello, replica].map(running => running.stop()))
  }
}

const urlOf = (peer: Running) => `http://127.0.0.1:${peer.port}/v1/kept/0190`

async function measureRound(peer: Running, { seconds, connections }: { seconds: number; connections: number }) {
  const before = cpuOf(peer.pid)
  const { requests, failures } = await closedLoop(urlOf(peer), connections, seconds, null)
  const after = cpuOf(peer.pid)
  const cpuUs = (after.userUs + after.systemUs - before.userUs - before.systemUs) / requests
  return { cpuUs, rate: requests / seconds, failures }
}
