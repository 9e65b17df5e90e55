import { createServer } from 'node:http'

// A replica in a process of its own, for tests that kill it: answers its name after a little while. It is told its contract
// and imports nothing, so that it is back soon.
const { NAME = '', TAKES_MS = '2', CONTRACT = '{}', PORT } = process.env
createServer({ keepAliveTimeout: 72_000 }, (request, response) => {
  if (request.url === '/readyz') response.end()
  else if (request.url === '/contract.json') response.end(CONTRACT)
  else request.resume().on('end', () => setTimeout(() => response.end(NAME), Number(TAKES_MS)))
}).listen(Number(PORT), '127.0.0.1', () => process.send?.('ready'))
