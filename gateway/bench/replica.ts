import { createServer } from 'node:http'
import { type ContractDocument, policyOf } from '@portico/contracts'

// A replica to measure with: 600 bytes of JSON. With SERVICE_MS it works on at most SLOTS requests at a time and each
// takes SERVICE_MS; the others wait their turn, as at a real service with a pool of connections.
const serviceMs = Number(process.env.SERVICE_MS ?? 0)
const slots = Number(process.env.SLOTS ?? 4)
const body = Buffer.from(JSON.stringify({ items: [{ id: '0190', text: 'x'.repeat(565) }] }).padEnd(600))

// What the gateway wants to know of a replica, and whom it asks who a session is.
const contract: ContractDocument = {
  service: 'bench',
  version: '1.0.0',
  description: '',
  operations: [
    {
      id: 'getPost',
      method: 'GET',
      url: '/v1/posts/:id',
      summary: '',
      description: '',
      tags: [],
      consumes: 'application/json',
      produces: 'application/json',
      policy: policyOf('GET', { access: 'signed-in' }),
      schema: { response: {} },
      errors: [],
    },
    {
      id: 'getKept',
      method: 'GET',
      url: '/v1/kept/:id',
      summary: '',
      description: '',
      tags: [],
      consumes: 'application/json',
      produces: 'application/json',
      policy: policyOf('GET', { access: 'public', cache: { maxAgeSeconds: 3_600 } }),
      schema: { response: {} },
      errors: [],
    },
  ],
  events: [],
  broadcasts: [],
  listensTo: [],
  sessionExchange: {
    url: '/sessions',
    revokedSubject: 'broadcast.bench.revoked',
    beatSubject: 'broadcast.bench.beat',
    beatMs: 1_000,
  },
}
const session = () => ({
  principal: { userId: 'u1', role: 'reader', sessionId: 's1', handle: 'reader', scopes: null },
  internalToken: 'x'.repeat(300),
  expiresAt: new Date(Date.now() + 60_000).toISOString(),
  sessionExpiresAt: new Date(Date.now() + 600_000).toISOString(),
})

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
  request.resume()
  const aside = request.url === '/contract.json' ? contract : request.url === '/sessions' ? session() : null
  if (aside !== null || request.url === '/v1/traces') {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(aside ?? {}))
    return
  }
  if (serviceMs > 0 && request.url !== '/readyz') work(answer)
  else answer()
}).listen(Number(process.env.PORT), '127.0.0.1')
