import { createServer } from 'node:http'
import { answerGateway, contractOf } from './house.ts'

// A replica to measure with: 600 bytes of JSON. With SERVICE_MS it works on at most SLOTS requests at a time and each
// takes SERVICE_MS; the others wait their turn, as at a real service with a pool of connections. Whoever left meanwhile
// is not worked for.
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

interface Task {
  left(): boolean
  done(): void
}

let busy = 0
let waiting: Task[] = []
let next = 0

function work(task: Task): void {
  if (busy >= slots) {
    waiting.push(task)
    return
  }
  busy += 1
  // Between half and one and a half of the mean.
  setTimeout(
    () => {
      busy -= 1
      task.done()
      while (busy < slots && next < waiting.length) takeNext()
    },
    serviceMs * (0.5 + Math.random()),
  )
}

// An array is shifted slowly when ten thousand wait.
function takeNext(): void {
  const task = waiting[next]
  next += 1
  if (next > 1_000 && next > waiting.length / 2) {
    waiting = waiting.slice(next)
    next = 0
  }
  if (task !== undefined && !task.left()) work(task)
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
  if (serviceMs > 0) work({ left: () => response.destroyed, done: answer })
  else answer()
}).listen(Number(process.env.PORT), '127.0.0.1')
