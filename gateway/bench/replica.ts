import { createServer } from 'node:http'
import { answerGateway, contractOf } from './house.ts'

// A replica to measure with: 600 bytes of JSON. With SERVICE_MS it works on at most SLOTS requests at a time and each
// takes SERVICE_MS; the others wait their turn, as at a real service with a pool of connections.
const serviceMs = Number(process.env.SERVICE_MS ?? 0)
const slots = Number(process.env.SLOTS ?? 4)
const body = Buffer.from(JSON.stringify({ items: [{ id: '0190', text: 'x'.repeat(565) }] }).padEnd(600))

const contract = contractOf([
  { id: 'getPost', method: 'GET', url: '/v1/posts/:id', policy: { access: 'signed-in' } },
  {
    id: 'getKept',
    method: 'GET',
    url: '/v1/kept/:id',
    policy: { access: 'public', cache: { maxAgeSeconds: 3_600 } },
  },
])

let busy = 0
const waiting: (() => void)[] = []

function work(done: () => void): void {
  if (busy >= slots) {
    waiting.push(() => work(done))
    return
  }
  busy += 1
  // Between half and one and a half of the mean.
  setTimeout(
    () => {
      busy -= 1
      done()
      waiting.shift()?.()
    },
    serviceMs * (0.5 + Math.random()),
  )
}

createServer({ keepAliveTimeout: 72_000 }, (request, response) => {
  const answer = () => {
    response.writeHead(200, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': body.length,
      'x-a': '1',
    })
    response.end(body)
  }
  if (answerGateway(request, response, contract)) return
  request.resume()
  if (serviceMs > 0) work(answer)
  else answer()
}).listen(Number(process.env.PORT), '127.0.0.1')
