import { spawnSync } from 'node:child_process'
import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { startFlowReplica } from './bodies.ts'
import type { PeerKind } from './peers.ts'
import { cpuOf, type Running, rssBytes } from './processes.ts'
import { table } from './report.ts'

/** Event streams and WebSockets that say nothing: what does each cost the proxy in memory, both of its sides together? */
export async function measureIdle(kinds: readonly PeerKind[], wanted: number): Promise<void> {
  const count = Math.min(wanted, mostByFiles())
  if (count < wanted) {
    console.log(
      `A proxy has two sockets for each connection: ${wanted} need ${filesFor(wanted)} open files. This shell allows ` +
        `fewer, so ${count} are measured; raise its hard limit (ulimit -Hn ${filesFor(wanted)}, as root) for the rest.`,
    )
  }
  const rows: string[][] = []
  for (const kind of kinds) {
    const missing = kind.missing()
    if (missing !== null) console.log(`not measured: ${missing}`)
    else for (const flow of ['events', 'websocket'] as const) rows.push(await measureOne(kind, flow, count))
  }
  console.log('\nIdle connections through the proxy')
  table(['', 'open', 'KiB each', 'CPU % while idle', 'opened/s'], rows)
}

async function measureOne(kind: PeerKind, flow: 'events' | 'websocket', count: number): Promise<string[]> {
  // One for each: of the ports towards one address, what was closed just now is not free again for a minute.
  const replica = await startFlowReplica()
  const peer = await kind.start([`http://127.0.0.1:${replica.port}`])
  const sockets: Socket[] = []
  try {
    // What the first hundred make the process load and grow by is not theirs.
    for (let opened = 0; opened < 200; opened += 100) sockets.push(...(await openHundred(peer, flow)))
    const before = await settledRss(peer)
    const fromMs = performance.now()
    let opened = 0
    for (; opened < count; opened += 100) sockets.push(...(await openHundred(peer, flow)))
    const seconds = (performance.now() - fromMs) / 1_000
    const eachKib = ((await settledRss(peer)) - before) / opened / 1_024
    const cpuPercent = await cpuWhileIdle(peer)
    const alive = sockets.filter(socket => !socket.destroyed).length
    if (alive < sockets.length) throw new Error(`${sockets.length - alive} were closed`)
    return [
      `${kind.name}, ${flow}`,
      String(opened),
      eachKib.toFixed(1),
      cpuPercent.toFixed(1),
      (opened / seconds).toFixed(0),
    ]
  } finally {
    for (const socket of sockets) socket.destroy()
    await peer.stop()
    await replica.stop()
  }
}

const openHundred = (peer: Running, flow: 'events' | 'websocket') =>
  Promise.all(Array.from({ length: 100 }, () => openIdle(peer.port, flow)))

const handshake =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'

function openIdle(port: number, flow: 'events' | 'websocket'): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    const head = `GET /v1/${flow} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${'t'.repeat(43)}\r\n`
    socket.write(`${head}${flow === 'websocket' ? handshake : ''}\r\n`)
    socket.once('data', chunk => {
      const status = chunk.toString('latin1', 9, 12)
      if (status === (flow === 'websocket' ? '101' : '200')) resolve(socket)
      else reject(new Error(chunk.toString('latin1')))
    })
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('closed')))
  })
}

/** Memory once it is quiet: what is only garbage of the beginning has had time to go. */
async function settledRss(peer: Running): Promise<number> {
  await pause(2_000)
  return rssBytes(peer.pid)
}

const idleMs = 3_000

/** Of one core. */
async function cpuWhileIdle({ pid }: Running): Promise<number> {
  const before = cpuOf(pid)
  await pause(idleMs)
  const after = cpuOf(pid)
  return (after.userUs + after.systemUs - before.userUs - before.systemUs) / idleMs / 10
}

/** Two a connection, and some for the process itself. */
const filesFor = (connections: number) => 2 * connections + 500

function mostByFiles(): number {
  const limit = spawnSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).stdout.trim()
  return limit === 'unlimited' ? Number.POSITIVE_INFINITY : Math.floor((Number(limit) - 500) / 200) * 100
}
