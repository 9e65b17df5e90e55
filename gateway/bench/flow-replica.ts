import { createServer } from 'node:http'

// A replica for large bodies and for connections that stay: bytes down, bytes up (standing still for a second half-way),
// an event stream and a WebSocket that say nothing after their first word.
const chunk = Buffer.alloc(256 * 1_024)

const server = createServer({ keepAliveTimeout: 72_000, requestTimeout: 0 }, (request, response) => {
  const [, kind = '', size = '0'] = (request.url ?? '').split('/')
  if (kind === 'events') response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': hello\n\n')
  else if (request.method === 'POST') {
    let bytes = 0
    let paused = false
    const half = Number(request.headers['content-length']) / 2
    request.on('data', (data: Buffer) => {
      bytes += data.length
      if (paused || bytes < half) return
      paused = true
      request.pause()
      setTimeout(() => request.resume(), 1_000)
    })
    request.on('end', () => response.end(String(bytes)))
  } else {
    let left = Number(size)
    response.writeHead(200, { 'content-length': left })
    const send = () => {
      while (left > 0) {
        const part = left >= chunk.length ? chunk : chunk.subarray(0, left)
        left -= part.length
        if (left === 0) response.end(part)
        else if (!response.write(part)) return
      }
    }
    response.on('drain', send)
    send()
  }
})
server.on('upgrade', (_, socket) => {
  socket.on('error', () => socket.destroy())
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
})
server.listen(Number(process.env.PORT), '127.0.0.1', 4_096)
