import { createServer } from 'node:http'

// The least that Node's own server can do with a request: a small head and 600 bytes that lie ready.
const body = 'x'.repeat(600)

createServer({ keepAliveTimeout: 72_000 }, (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json; charset=utf-8', 'content-length': body.length })
  response.end(body)
}).listen(Number(process.env.PORT), '127.0.0.1')
