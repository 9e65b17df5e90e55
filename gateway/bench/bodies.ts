import { connect } from 'node:net'
import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import type { PeerKind } from './peers.ts'
import { freePort, type Running, rssBytes, startScript } from './processes.ts'
import { table } from './report.ts'

const mebibyte = 1_048_576
const standMs = 1_000

/** What one body came to. */
interface Passage {
  readonly ms: number
  /** What lay between the two ends, in sockets and processes, after the reading one had stood still. */
  readonly heldBytes: number
}

/**
 * Large bodies down and up, with a reader that stands still half-way: throughput, how much the proxy's memory grows, and
 * how far the writer got ahead of the reader.
 */
export async function measureBodies(kinds: readonly PeerKind[], mebibytes: number): Promise<void> {
  const replica = await startFlowReplica()
  const rows: string[][] = []
  try {
    for (const kind of kinds) {
      const missing = kind.missing()
      if (missing === null) rows.push(...(await measureOne(kind, replica, mebibytes)))
      else console.log(`not measured: ${missing}`)
    }
  } finally {
    await replica.stop()
  }
  console.log(`\n${mebibytes} MiB through the proxy, the reader standing still for ${standMs} ms on the way`)
  table(['', 'MiB/s', 'RSS grew MiB', 'held MiB'], rows)
}

async function measureOne(kind: PeerKind, replica: Running, mebibytes: number): Promise<string[][]> {
  const peer = await kind.start([originOf(replica)])
  const rows: string[][] = []
  try {
    // What a process grows by once it works at all is not what a body costs.
    await download(peer, replica, 64 * mebibyte)
    await upload(peer, replica, 64 * mebibyte)
    for (const [direction, pass] of [
      ['down', download],
      ['up', upload],
    ] as const) {
      const before = rssBytes(peer.pid)
      let most = before
      const watch = setInterval(() => {
        most = Math.max(most, rssBytes(peer.pid))
      }, 50)
      const { ms, heldBytes } = await pass(peer, replica, mebibytes * mebibyte).finally(() => clearInterval(watch))
      rows.push([
        `${kind.name}, ${direction}`,
        ((mebibytes / ms) * 1_000).toFixed(0),
        ((most - before) / mebibyte).toFixed(1),
        (heldBytes / mebibyte).toFixed(1),
      ])
    }
  } finally {
    await peer.stop()
  }
  return rows
}

async function download(peer: Running, replica: Running, bytes: number): Promise<Passage> {
  const fromMs = performance.now()
  const { written } = await movedBy(replica)
  let got = 0
  let heldBytes = 0
  const socket = connect(peer.port, '127.0.0.1')
  socket.write(`GET /v1/bytes/${bytes} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n`)
  for await (const chunk of socket) {
    got += chunk.length
    if (heldBytes > 0 || got < bytes / 2) continue
    // Nothing is read meanwhile.
    await pause(standMs)
    heldBytes = (await movedBy(replica)).written - written - got
  }
  // The head makes it a little more than the body.
  if (got < bytes) throw new Error(`cut off after ${got} of ${bytes} bytes`)
  return { ms: performance.now() - fromMs - standMs, heldBytes }
}

async function upload(peer: Running, replica: Running, bytes: number): Promise<Passage> {
  const fromMs = performance.now()
  const { read } = await movedBy(replica)
  const chunk = Buffer.alloc(256 * 1_024)
  const socket = connect(peer.port, '127.0.0.1')
  let sent = 0
  let answer = ''
  const send = () => {
    while (sent < bytes) {
      sent += chunk.length
      if (!socket.write(chunk)) return
    }
  }
  socket.write(`POST /v1/bytes HTTP/1.1\r\nHost: bench\r\nConnection: close\r\nContent-Length: ${bytes}\r\n\r\n`)
  socket.on('drain', send)
  socket.setEncoding('latin1').on('data', text => {
    answer += text
  })
  const closed = new Promise((resolve, reject) => socket.on('close', resolve).on('error', reject))
  send()
  const heldBytes = await heldOnTheWayUp(replica, read, bytes, () => sent)
  await closed
  if (!answer.endsWith(`\r\n\r\n${bytes}`) && !answer.includes(`\r\n${bytes}\r\n`)) throw new Error(answer)
  return { ms: performance.now() - fromMs - standMs, heldBytes }
}

/** The replica stands still at the half: as long as it does, what was sent and not read lies between. */
async function heldOnTheWayUp(replica: Running, before: number, bytes: number, sent: () => number): Promise<number> {
  for (;;) {
    const { read } = await movedBy(replica)
    await pause(standMs / 4)
    if (read - before >= bytes / 2) return sent() - (read - before)
  }
}

async function movedBy(replica: Running): Promise<{ written: number; read: number }> {
  const answer = await fetch(`${originOf(replica)}/moved`)
  return (await answer.json()) as { written: number; read: number }
}

const originOf = ({ port }: Running) => `http://127.0.0.1:${port}`

export const startFlowReplica = async (): Promise<Running> =>
  startScript('flow replica', await freePort(), `${import.meta.dirname}/flow-replica.ts`, {
    STAND_MS: String(standMs),
  })
