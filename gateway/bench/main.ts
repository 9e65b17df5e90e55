import { parseArgs } from 'node:util'
import { measureBodies } from './bodies.ts'
import { measureCached } from './cached.ts'
import { measureCpu } from './cpu.ts'
import { gatewayPeer } from './gateway-peer.ts'
import { measureIdle } from './idle.ts'
import { measureOverload, slots } from './overload.ts'
import {
  caddyPeer,
  forwarderPeer,
  haproxyPeer,
  httpProxyPeer,
  limitedPeers,
  nginxPeer,
  type PeerKind,
  undiciPeer,
} from './peers.ts'
import { measureSlowReplica } from './slow-replica.ts'

const others = [nginxPeer, haproxyPeer, caddyPeer]
const byStrategy = ['peak-ewma', 'least-requests', 'round-robin', 'consistent-hash'].map(forwarderPeer)

const flowing = [forwarderPeer('peak-ewma'), gatewayPeer, nginxPeer]

interface Options {
  rounds: number
  seconds: number
  mebibytes: number
  idle: number
  chosen: (kinds: readonly PeerKind[]) => PeerKind[]
}

const scenarios: Record<string, (options: Options) => Promise<void>> = {
  cpu: ({ rounds, seconds, chosen }) =>
    measureCpu(chosen([undiciPeer, forwarderPeer('peak-ewma'), gatewayPeer, httpProxyPeer, ...others]), {
      rounds,
      seconds,
      connections: 64,
    }),
  cached: ({ rounds, seconds }) => measureCached({ rounds, seconds, connections: 64 }),
  'slow-replica': ({ chosen, ...options }) => measureSlowReplica(chosen([...byStrategy, ...others]), options),
  overload: ({ chosen, ...options }) =>
    measureOverload(chosen([gatewayPeer, ...others, ...limitedPeers(2 * slots)]), options),
  bodies: ({ mebibytes, chosen }) => measureBodies(chosen(flowing), mebibytes),
  idle: ({ idle, chosen }) => measureIdle(chosen(flowing), idle),
}

/**
 * `npm run bench -- gateway [--scenario cpu] [--rounds 5] [--seconds 5] [--only undici,forwarder] [--mebibytes 2048]
 * [--idle 10000]`
 */
export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      scenario: { type: 'string' },
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '5' },
      only: { type: 'string' },
      mebibytes: { type: 'string', default: '2048' },
      idle: { type: 'string', default: '10000' },
    },
  })
  const wanted = values.only?.split(',')
  const options: Options = {
    rounds: Number(values.rounds),
    seconds: Number(values.seconds),
    mebibytes: Number(values.mebibytes),
    idle: Number(values.idle),
    chosen: kinds => kinds.filter(kind => wanted === undefined || wanted.some(name => kind.name.includes(name))),
  }
  for (const [name, measure] of Object.entries(scenarios)) {
    if (values.scenario === undefined || values.scenario === name) await measure(options)
  }
}
