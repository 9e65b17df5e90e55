import { once } from 'node:events'
import { createRequire } from 'node:module'
import { connect } from 'node:net'
import { Readable } from 'node:stream'
import { eventually, stopwatch } from '@portico/testkit'
import { type Test, test } from 'tap'
import { request } from 'undici'
import { checkFacts, type Echo, echo, type Fact } from './support/facts.ts'
import { raw, statusOf } from './support/raw.ts'
import { bodyOf } from './support/stub-service.ts'

// What goes wrong in `@fastify/http-proxy` and reply-from when they are left alone, and what happens here instead. The
// facts about sockets (upgrades, slowness, framing, TLS) are in http-proxy-sockets.test.ts.

const whole = (method: string, path: string, ...fields: string[]) =>
  `${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${fields.map(field => `${field}\r\n`).join('')}\r\n`

const inSeconds: Record<string, string> = { 'retry-after': '2' }
const large = Buffer.alloc(32 * 1_024, 'x')

const retries: Fact[] = [
  {
    leftAlone: 'a GET answered 503 is repeated ten times at the same replica',
    here: 'a 503 is repeated once at each other replica, and then told',
    routes: [{ url: '/v1/busy' }],
    replicas: [(_, response) => response.writeHead(503).end('a'), (_, response) => response.writeHead(503).end('b')],
    async check(t, { url, replicas }) {
      const answer = await request(`${url}/v1/busy`)
      t.equal(answer.statusCode, 503)
      await answer.body.dump()
      t.same(
        replicas.map(({ seen }) => seen.length),
        [1, 1],
      )
    },
  },
  {
    leftAlone: 'the body of the discarded answer is never read, so that the pool wedges',
    here: 'the discarded answer is drained, and its connection is used again',
    routes: [{ url: '/v1/half' }],
    replicas: [
      (_, response) => response.writeHead(503, { 'content-length': large.length }).end(large),
      (_, response) => response.end('good'),
    ],
    async check(t, { url, replicas: [bad] }) {
      for (let round = 0; round < 60; round += 1) {
        const answer = await request(`${url}/v1/half`)
        t.equal(`${answer.statusCode} ${await answer.body.text()}`, '200 good')
      }
      t.ok((bad?.seen.length ?? 0) >= 2, `it was asked ${bad?.seen.length} times`)
      // Probes of its health may need a connection of their own.
      t.ok(new Set(bad?.seen.map(({ socket }) => socket.remotePort)).size <= 2)
    },
  },
  {
    leftAlone: 'Retry-After, in seconds, is read as milliseconds',
    here: 'Retry-After is passed on as it is, and nobody is asked again meanwhile',
    routes: [{ url: '/v1/later' }],
    replicas: [(_, response) => response.writeHead(503, inSeconds).end()],
    async check(t, { url, replicas: [replica] }) {
      const answer = await request(`${url}/v1/later`)
      await answer.body.dump()
      t.equal(answer.headers['retry-after'], '2')
      await new Promise(resolve => setTimeout(resolve, 100))
      t.equal(replica?.seen.length, 1)
    },
  },
  {
    leftAlone: 'the request to the replica goes on when the client leaves before the head',
    here: 'the replica hears at once that the client has left',
    routes: [{ url: '/v1/slow' }, { method: 'POST', url: '/v1/slow' }],
    replicas: [() => {}, () => {}],
    async check(t, { port, replicas }) {
      const seen = () => replicas.flatMap(replica => replica.seen)
      for (const head of ['GET /v1/slow', 'POST /v1/slow HTTP/1.1\r\nContent-Length: 3']) {
        const before = seen().length
        const socket = connect(port, '127.0.0.1')
        socket.write(`${head.includes('HTTP') ? head : `${head} HTTP/1.1`}\r\nHost: x\r\n\r\nabc`.slice(0, -3))
        if (head.startsWith('POST')) socket.write('abc')
        const incoming = await eventually(() => seen()[before] ?? false)
        if (incoming === false) throw new Error('it never came')
        using tookMs = stopwatch()
        socket.destroy()
        if (!incoming.socket.destroyed) await once(incoming.socket, 'close')
        t.ok(tookMs() < 1_000)
        t.equal(seen().length, before + 1, 'and it is sent to nobody else')
      }
    },
  },
  {
    leftAlone: 'a refused connection is a 500 with the address in its body',
    here: 'a refused connection is a 503 problem that names nobody',
    routes: [{ url: '/v1/gone' }, { method: 'POST', url: '/v1/gone' }],
    replicas: [echo],
    async check(t, { url, replicas: [replica] }) {
      await replica?.stop()
      // Both wait, within a bound, for a replica to come back.
      const answers = (['GET', 'POST'] as const).map(method => request(`${url}/v1/gone`, { method }))
      for (const answer of await Promise.all(answers)) {
        const body = await answer.body.text()
        t.equal(answer.statusCode, 503)
        t.equal(answer.headers['content-type'], 'application/problem+json')
        t.match(JSON.parse(body), { status: 503, traceId: /^[0-9a-f]{32}$/ })
        namesNobody(t, body + JSON.stringify(answer.headers), replica?.port)
      }
    },
  },
  {
    leftAlone: 'a connection that breaks is a 500 with the error in its body',
    here: 'a connection that breaks is a 502 problem that names nobody',
    routes: [{ method: 'POST', url: '/v1/breaks' }],
    replicas: [incoming => incoming.socket.destroy()],
    async check(t, { url, replicas: [replica] }) {
      const answer = await request(`${url}/v1/breaks`, { method: 'POST', body: 'x' })
      const body = await answer.body.text()
      t.equal(answer.statusCode, 502)
      t.match(JSON.parse(body), { status: 502, traceId: /^[0-9a-f]{32}$/ })
      namesNobody(t, body + JSON.stringify(answer.headers), replica?.port)
      t.equal(replica?.seen.length, 1, 'what may have been done is not done twice')
    },
  },
]

function namesNobody(t: Test, text: string, port = 0): void {
  t.notMatch(text, /127\.0\.0\.1|localhost|ECONN|UND_ERR|socket/i)
  t.notOk(text.includes(String(port)))
}

const fields: Fact[] = [
  {
    leftAlone: 'hop-by-hop fields of the answer leak',
    here: 'hop-by-hop fields of the answer, and those that its Connection names, stay behind',
    routes: [{ url: '/v1/hops' }],
    replicas: [
      (_, response) =>
        response
          .writeHead(200, [
            ...['connection', 'x-private, keep-alive', 'x-private', '1', 'keep-alive', 'timeout=99'],
            ...['proxy-authenticate', 'Basic', 'proxy-connection', 'keep-alive', 'x-end', '2'],
          ])
          .end('ok'),
    ],
    async check(t, { port }) {
      const answer = await raw(port, whole('GET', '/v1/hops'))
      t.match(answer, /\r\nx-end: 2\r\n/i)
      t.notMatch(answer, /x-private|timeout=99|proxy-/i)
      t.equal(answer.match(/\r\nconnection:/gi)?.length, 1, 'one Connection, the gateway’s own')
    },
  },
  {
    leftAlone: 'Proxy-Authorization, TE and the client’s X-Forwarded-For go on, and none of its own is added',
    here: 'hop-by-hop fields and claims of the client stay behind, and the gateway’s own are added',
    routes: [{ url: '/v1/echo' }],
    replicas: [echo],
    async check(t, { port, gateway }) {
      const claims = [
        'X-Forwarded-For: 6.6.6.6',
        'X-Forwarded-Proto: https',
        'X-Forwarded-Host: evil',
        'Forwarded: for=6',
      ]
      const hops = ['Proxy-Authorization: Basic a', 'TE: trailers', 'Keep-Alive: 9', 'Proxy-Connection: keep-alive']
      const answer = await raw(port, whole('GET', '/v1/echo', ...hops, ...claims, 'X-Stays: 1'))
      const { headers } = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))) as Echo
      for (const name of ['proxy-authorization', 'te', 'proxy-connection']) t.equal(headers[name], undefined, name)
      t.not(headers['keep-alive'], '9')
      t.match(headers, {
        'x-stays': '1',
        'x-forwarded-for': '127.0.0.1',
        'x-forwarded-proto': 'http',
        'x-forwarded-host': 'x',
        forwarded: 'for=127.0.0.1;host="x";proto=http',
        via: '1.1 portico',
      })
      t.notOk(JSON.stringify(headers).includes(`127.0.0.1:${gateway.port}`))
    },
  },
  {
    leftAlone: 'trailers and 103 are dropped',
    here: 'trailers and early hints reach the client',
    routes: [{ url: '/v1/hints' }],
    replicas: [
      (_, response) => {
        response.writeEarlyHints({ link: '</a.css>; rel=preload' })
        response.writeHead(200, { trailer: 'x-sum' }).write('body')
        response.addTrailers({ 'x-sum': 'abc' })
        response.end()
      },
    ],
    async check(t, { port }) {
      const answer = await raw(port, whole('GET', '/v1/hints'))
      t.match(answer, /^HTTP\/1\.1 103 Early Hints\r\nlink: <\/a\.css>; rel=preload\r\n\r\nHTTP\/1\.1 200 OK\r\n/i)
      t.match(answer, /\r\n0\r\nx-sum: abc\r\n\r\n$/)
    },
  },
]

const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index))

const bodies: Fact[] = [
  {
    leftAlone: 'bodyLimit is not kept for bodies that are streamed',
    here: 'a body that does not say its length is cut off at the limit, and the replica sees no whole one',
    routes: [{ method: 'POST', url: '/v1/limited', policy: { bodyLimitBytes: 1_000 } }],
    replicas: [
      async (incoming, response) => {
        const body = await bodyOf(incoming).catch(() => null)
        if (body !== null) response.end(String(body.length))
      },
    ],
    async check(t, { url, replicas: [replica] }) {
      const send = (pieces: number) =>
        request(`${url}/v1/limited`, {
          method: 'POST',
          body: Readable.from(Array.from({ length: pieces }, () => Buffer.alloc(100))),
        })
      const fits = await send(10)
      t.equal(await fits.body.text(), '1000')
      const over = await send(11)
      t.equal(over.statusCode, 413)
      t.match(await over.body.json(), { code: 'body_too_large' })
      t.equal(replica?.seen.length, 2, 'it was sent on while it came')
      t.ok(await eventually(() => replica?.seen[1]?.destroyed === true && !replica.seen[1].complete))
    },
  },
  {
    leftAlone: 'text/plain that is not UTF-8 is corrupted',
    here: 'bodies pass byte for byte, whatever their type says',
    routes: [{ method: 'POST', url: '/v1/bytes' }],
    replicas: [
      async (incoming, response) => {
        const body = await bodyOf(incoming)
        response.writeHead(200, { 'content-type': incoming.headers['content-type'] ?? '' }).end(body)
      },
    ],
    async check(t, { url }) {
      const types = ['text/plain', 'text/plain; charset=iso-8859-1', 'application/json', 'multipart/form-data', 'a/b']
      for (const type of [...types, 'application/x-www-form-urlencoded']) {
        const answer = await request(`${url}/v1/bytes`, {
          method: 'POST',
          body: bytes,
          headers: { 'content-type': type },
        })
        t.equal(answer.headers['content-type'], type)
        t.ok(bytes.equals(Buffer.from(await answer.body.arrayBuffer())), type)
      }
      const untyped = await request(`${url}/v1/bytes`, {
        method: 'POST',
        body: 'x',
        headers: { 'content-type': 'no type' },
      })
      t.equal(untyped.statusCode, 415)
      await untyped.body.dump()
    },
  },
  {
    leftAlone: 'Expect: 100-continue is answered with 500',
    here: 'a body that is wanted gets 100, one that is not gets its refusal, any other expectation 417',
    routes: [{ method: 'POST', url: '/v1/asked', policy: { bodyLimitBytes: 10 } }],
    replicas: [echo],
    async check(t, { port, replicas: [replica] }) {
      const ask = (length: number, expectation = '100-continue') =>
        whole('POST', '/v1/asked', `Content-Length: ${length}`, `Expect: ${expectation}`)
      const wanted = await raw(port, [ask(3), 'abc'])
      t.match(wanted, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/)
      t.match(JSON.parse(wanted.slice(wanted.lastIndexOf('\r\n\r\n'))), { body: Buffer.from('abc').toString('base64') })
      t.equal(replica?.seen[0]?.headers.expect, undefined, 'it is a matter of one hop')
      t.equal(statusOf(await raw(port, ask(11))), 413)
      t.equal(statusOf(await raw(port, ask(3, 'y 100-continue'))), 417)
      t.equal(replica?.seen.length, 1)
    },
  },
]

const pools: Fact[] = [
  {
    leftAlone: 'pipelining above 1 blocks one client behind another',
    here: 'a slow answer holds nobody else back',
    routes: [{ url: '/v1/lane/slow' }, { url: '/v1/lane/fast' }],
    replicas: [(incoming, response) => incoming.url?.endsWith('fast') && response.end('fast')],
    async check(t, { url, replicas: [replica] }) {
      const slow = new AbortController()
      const waiting = request(`${url}/v1/lane/slow`, { signal: slow.signal }).catch(() => 'given up')
      await eventually(() => (replica?.seen.length ?? 0) > 0)
      const fast = Array.from({ length: 20 }, () => request(`${url}/v1/lane/fast`).then(({ body }) => body.text()))
      t.same(new Set(await Promise.all(fast)), new Set(['fast']))
      slow.abort()
      t.equal(await waiting, 'given up')
    },
  },
  {
    leftAlone: 'BalancedPool goes on failing as one when both of two hosts were down',
    here: 'after all replicas were away, the first that is back is used',
    routes: [{ url: '/v1/away' }],
    replicas: [echo, echo],
    async check(t, { url, replicas }) {
      const status = async () => {
        const { statusCode, body } = await request(`${url}/v1/away`)
        await body.dump()
        return statusCode
      }
      t.equal(await status(), 200)
      const ports = replicas.map(({ port }) => port)
      const listeners = replicas.map(({ server }) => server)
      await Promise.all(replicas.map(replica => replica.stop()))
      t.equal(await status(), 503)
      await new Promise<void>(resolve => listeners[1]?.listen(ports[1], '127.0.0.1', resolve))
      await eventually(async () => (await status()) === 200)
    },
  },
]

test('answers: http-proxy left alone, and here', t => checkFacts(t, [...retries, ...fields, ...bodies, ...pools]))

test('the libraries are above their known holes (left alone: a proxy of last year)', async t => {
  const near = createRequire(import.meta.url)
  const proxy = createRequire(near.resolve('@fastify/http-proxy'))
  for (const [name, from, least] of [
    ['@fastify/reply-from', proxy, [12, 6, 4]],
    ['fastify', near, [5, 8, 5]],
    ['undici', near, [7, 24, 0]],
    ['undici', createRequire(proxy.resolve('@fastify/reply-from')), [7, 24, 0]],
  ] as const) {
    const { version } = from(`${name}/package.json`) as { version: string }
    const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number)
    const weight = (numbers: readonly number[]) => numbers.reduce((sum, number) => sum * 10_000 + number, 0)
    t.ok(weight([major, minor, patch]) >= weight(least), `${name} ${version}`)
  }
})
