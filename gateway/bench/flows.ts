import { connect, type Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import { forwarderPeer, nginxPeer } from './peers.ts'
import { freePort, type Running, rssBytes, startScript } from './processes.ts'
import { table } from './report.ts'

const mebibyte = 1_048_576

/** Large bodies down and up, with a reader that is slow for a while: throughput, and how much the proxy's memory grows. */
export async function measureBodies(mebibytes: number): Promise<void> {
  const replica = await startReplica()
  const bytes = mebibytes * mebibyte
  const rows: string[][] = []
  for (const kind of [forwarderPeer('peak-ewma'), nginxPeer]) {
    if (kind.missing() !== null) continue
    const peer = await kind.start([`http://127.0.0.1:${replica.port}`])
    // What a process grows by once it works at all is not what a body costs.
    await download(peer.port, 64 * mebibyte)
    for (const direction of ['down', 'up'] as const) {
      const before = rssBytes(peer.pid)
      let most = before
      const watch = setInterval(() => {
        most = Math.max(most, rssBytes(peer.pid))
      }, 50)
      const ms = await (direction === 'down' ? download(peer.port, bytes) : upload(peer.port, bytes))
      clearInterval(watch)
      rows.push([
        `${kind.name}, ${direction}`,
        ((mebibytes / ms) * 1_000).toFixed(0),
        ((most - before) / mebibyte).toFixed(1),
      ])
    }
    await peer.stop()
  }
  await replica.stop()
  console.log(`\n${mebibytes} MiB through the proxy, the reader standing still for a second on the way`)
  table(['', 'MiB/s', 'RSS grew MiB'], rows)
}

function download(port: number, bytes: number): Promise<number> {
  const fromMs = performance.now()
  return new Promise((resolve, reject) => {
    let left = bytes
    let paused = false
    const socket = connect(port, '127.0.0.1')
    socket.write(`GET /bytes/${bytes} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n`)
    socket.on('data', chunk => {
      left -= chunk.length
      if (paused || left > bytes / 2) return
      paused = true
      socket.pause()
      setTimeout(() => socket.resume(), 1_000)
    })
    socket.on('error', reject)
    // The head makes it a little more than the body.
    socket.on('close', () => (left <= 0 ? resolve(performance.now() - fromMs - 1_000) : reject(new Error('cut off'))))
  })
}

function upload(port: number, bytes: number): Promise<number> {
  const fromMs = performance.now()
  return new Promise((resolve, reject) => {
    const chunk = Buffer.alloc(256 * 1_024)
    let sent = 0
    let answer = ''
    const socket = connect(port, '127.0.0.1')
    const send = () => {
      while (sent < bytes) {
        sent += chunk.length
        if (!socket.write(chunk)) return
      }
    }
    socket.write(`POST /bytes HTTP/1.1\r\nHost: bench\r\nConnection: close\r\nContent-Length: ${bytes}\r\n\r\n`)
    socket.on('drain', send)
    socket.on('data', text => {
      answer += text
    })
    socket.on('error', reject)
    socket.on('close', () =>
      answer.includes(String(bytes)) ? resolve(performance.now() - fromMs - 1_000) : reject(new Error(answer)),
    )
    send()
  })
}

/** Event streams and WebSockets that say nothing: what does each cost in memory? */
export async function measureIdle(count: number): Promise<void> {
  const replica = await startReplica()
  const rows: string[][] = []
  for (const kind of ['events', 'websocket'] as const) {
    const peer = await forwarderPeer('peak-ewma').start([`http://127.0.0.1:${replica.port}`])
    const before = await settledRss(peer)
    const sockets: Socket[] = []
    for (let open = 0; open < count; open += 100) {
      sockets.push(...(await Promise.all(Array.from({ length: 100 }, () => openIdle(peer.port, kind)))))
    }
    rows.push([kind, String(count), (((await settledRss(peer)) - before) / count / 1_024).toFixed(1)])
    for (const socket of sockets) socket.destroy()
    await peer.stop()
  }
  await replica.stop()
  console.log('\nIdle connections through the forwarder, both sides included')
  table(['', 'open', 'KiB each'], rows)
}

async function settledRss(peer: Running): Promise<number> {
  await new Promise(resolve => setTimeout(resolve, 1_500))
  return rssBytes(peer.pid)
}

function openIdle(port: number, kind: 'events' | 'websocket'): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    const upgrade = kind === 'websocket' ? 'Connection: Upgrade\r\nUpgrade: websocket\r\n' : ''
    socket.write(`GET /${kind} HTTP/1.1\r\nHost: bench\r\n${upgrade}\r\n`)
    socket.once('data', () => resolve(socket))
    socket.once('error', reject)
  })
}

const startReplica = async (): Promise<Running> =>
  startScript('flow replica', await freePort(), `${import.meta.dirname}/flow-replica.ts`, {})
