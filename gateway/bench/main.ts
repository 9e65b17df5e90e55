import { parseArgs } from 'node:util'
import { measureCpu } from './cpu.ts'
import { gatewayPeer } from './gateway-peer.ts'
import { caddyPeer, forwarderPeer, haproxyPeer, httpProxyPeer, nginxPeer, type PeerKind, undiciPeer } from './peers.ts'
import { measureSlowReplica } from './slow-replica.ts'

const others = [nginxPeer, haproxyPeer, caddyPeer]
const scenarios = ['cpu', 'slow-replica'] as const

/** `npm run bench -- gateway [--scenario cpu|slow-replica] [--rounds 5] [--seconds 5] [--only undici,forwarder]` */
export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      scenario: { type: 'string' },
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '5' },
      only: { type: 'string' },
    },
  })
  const rounds = Number(values.rounds)
  const seconds = Number(values.seconds)
  const wanted = values.only?.split(',')
  const chosen = (kinds: readonly PeerKind[]) =>
    kinds.filter(kind => wanted === undefined || wanted.some(name => kind.name.includes(name)))
  for (const scenario of scenarios) {
    if (values.scenario !== undefined && values.scenario !== scenario) continue
    if (scenario === 'cpu') {
      const kinds = [undiciPeer, forwarderPeer('peak-ewma'), gatewayPeer, httpProxyPeer, ...others]
      await measureCpu(chosen(kinds), { rounds, seconds, connections: 64 })
    } else {
      const strategies = ['peak-ewma', 'least-requests', 'round-robin', 'consistent-hash'].map(forwarderPeer)
      await measureSlowReplica(chosen([...strategies, ...others]), { rounds, seconds })
    }
  }
}
