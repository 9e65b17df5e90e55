import { createServer } from 'node:http'

// A replica in a process of its own, for tests that kill it: answers its name after a little while.
const name = process.env.NAME ?? ''
const takesMs = Number(process.env.TAKES_MS ?? 2)
createServer({ keepAliveTimeout: 72_000 }, (request, response) => {
  if (request.url === '/readyz') response.end()
  else request.resume().on('end', () => setTimeout(() => response.end(name), takesMs))
}).listen(Number(process.env.PORT), '127.0.0.1', () => process.send?.('ready'))
