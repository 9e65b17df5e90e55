import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { answerGateway, contractOf } from './house.ts'

// A replica for large bodies and for connections that stay: bytes down, bytes up (standing still for a while half-way), an
// event stream and a WebSocket that say nothing after their first word. `/moved` tells how many bytes of bodies it has
// written and read so far.
const chunk = Buffer.alloc(256 * 1_024)
const standMs = Number(process.env.STAND_MS ?? 1_000)
const moved = { written: 0, read: 0 }

const contract = contractOf([
  { id: 'download', method: 'GET', url: '/v1/bytes/:size', policy: { access: 'public', flow: 'stream' } },
  {
    id: 'upload',
    method: 'POST',
    url: '/v1/bytes',
    policy: { access: 'public', flow: 'stream', bodyLimitBytes: 2 ** 40, deadlineMs: 600_000 },
  },
  { id: 'events', method: 'GET', url: '/v1/events', policy: { access: 'signed-in', flow: 'events' } },
  { id: 'websocket', method: 'GET', url: '/v1/websocket', policy: { access: 'signed-in', flow: 'websocket' } },
])

const server = createServer({ keepAliveTimeout: 72_000, requestTimeout: 0 }, (request, response) => {
  if (answerGateway(request, response, contract)) return
  if (request.url === '/moved') response.end(JSON.stringify(moved))
  else if (request.url === '/v1/events') {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': hello\n\n')
  } else if (request.method === 'POST') take(request, response)
  else give(Number(request.url?.split('/').at(-1)), response)
})

function take(request: IncomingMessage, response: ServerResponse): void {
  let bytes = 0
  let stood = false
  const half = Number(request.headers['content-length']) / 2
  request.on('data', (data: Buffer) => {
    bytes += data.length
    moved.read += data.length
    if (stood || bytes < half) return
    stood = true
    request.pause()
    setTimeout(() => request.resume(), standMs)
  })
  request.on('end', () => response.end(String(bytes)))
}

function give(size: number, response: ServerResponse): void {
  let left = size
  response.writeHead(200, { 'content-length': left })
  const send = () => {
    while (left > 0) {
      const part = left >= chunk.length ? chunk : chunk.subarray(0, left)
      left -= part.length
      moved.written += part.length
      if (left === 0) response.end(part)
      else if (!response.write(part)) return
    }
  }
  response.on('drain', send)
  send()
}

server.on('upgrade', (_, socket) => {
  socket.on('error', () => socket.destroy())
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
})
server.listen(Number(process.env.PORT), '127.0.0.1', 4_096)
