import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect } from 'node:net'
import tap, { type Test, test } from 'tap'
import { request } from 'undici'
import { echo } from './support/facts.ts'
import { startGateway } from './support/gateway.ts'
import { raw, statusOf } from './support/raw.ts'
import { bodyOf, json, stubReplica } from './support/stub-service.ts'

// What `@fastify/reply-from` and `@fastify/http-proxy` test of themselves and promise their users, asked of this gateway
// where it applies. What differs on purpose is in docs/decisions/what-differs-from-reply-from.md.

tap.setTimeout(120_000)

type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS'
const methods: readonly Method[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

const answers: Readonly<Record<string, (incoming: IncomingMessage, response: ServerResponse) => unknown>> = {
  '/v1/plain': (_, response) => response.writeHead(205, { 'content-type': 'text/plain', 'x-mine': 'hello!' }).end(),
  '/v1/text': (_, response) =>
    response.writeHead(203, { 'content-type': 'text/plain', 'x-mine': 'hello!' }).end('hello world'),
  '/v1/moved': (_, response) => response.writeHead(302, { location: '/v1/text' }).end(),
  '/v1/elsewhere': (_, response) => response.writeHead(307, { location: 'https://else.example/a?b=c' }).end(),
  '/v1/strange': (_, response) => response.writeHead(299, 'Unheard Of').end('strange'),
  '/v1/impossible': ({ socket }) => socket.end('HTTP/1.1 888 No Such Thing\r\nContent-Length: 2\r\n\r\nno'),
  '/v1/garbage': ({ socket }) => socket.end('this is not HTTP\r\n\r\n'),
  '/v1/cookies': (_, response) => response.writeHead(200, { 'set-cookie': ['a=1', 'b=2; HttpOnly'] }).end(),
  '/v1/early': (_, response) => response.end('early'),
  '/v1/late': () => {},
  '/v1/drip': (_, response) => response.writeHead(200, { 'content-type': 'text/plain' }).write('one '),
  '/v1/short': ({ socket }) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort'),
}

const routes = [
  ...methods.map(method => ({ method, url: '/v1/echo/*', policy: { bodyLimitBytes: 1_000_000 } })),
  ...Object.keys(answers).flatMap(url => [
    { url, policy: { deadlineMs: 600 } },
    { method: 'POST', url, policy: { bodyLimitBytes: 2_000_000 } },
  ]),
]

async function startHouse(t: Test) {
  const replica = await stubReplica(t, {
    service: 'things',
    routes,
    answer: async (incoming, response) => {
      const answer = answers[incoming.url ?? '']
      return answer ? answer(incoming, response) : echo(incoming, response, 0)
    },
  })
  const gateway = await startGateway(t, {
    UPSTREAMS: `things=${replica.address}`,
    RATE_LIMIT: 'off',
    COMPRESSION: 'off',
  })
  return { replica, gateway }
}

test('what reply-from and http-proxy promise', async t => {
  const { replica, gateway } = await startHouse(t)
  const { url, port } = gateway
  const last = () => replica.seen.at(-1)

  await t.test('the answer’s status, fields and body are the replica’s', async t => {
    const answer = await request(`${url}/v1/text`)
    t.equal(answer.statusCode, 203)
    t.match(answer.headers, { 'content-type': 'text/plain', 'x-mine': 'hello!' })
    t.equal(await answer.body.text(), 'hello world')
    const empty = await request(`${url}/v1/plain`)
    t.equal(empty.statusCode, 205)
    t.equal(await empty.body.text(), '')
    const strange = await request(`${url}/v1/strange`)
    t.equal(`${strange.statusCode} ${await strange.body.text()}`, '299 strange')
    const cookies = await request(`${url}/v1/cookies`)
    t.same(cookies.headers['set-cookie'], ['a=1', 'b=2; HttpOnly'])
    await cookies.body.dump()
  })

  await t.test('a method is passed on as it is, its body with it', async t => {
    for (const method of methods.filter(name => name !== 'OPTIONS')) {
      const takesBody = method !== 'GET' && method !== 'HEAD'
      const headers = takesBody ? { 'content-type': 'application/json' } : {}
      const body = takesBody ? '{ "hello" :\n"world" }' : null
      const answer = await request(`${url}/v1/echo/a`, { method, headers, body })
      const text = await answer.body.text()
      t.equal(answer.statusCode, 200, method)
      t.equal(last()?.method, method)
      if (method === 'HEAD') t.equal(text, '')
      else t.equal(Buffer.from(JSON.parse(text).body, 'base64').toString(), body ?? '')
      if (takesBody) t.equal(last()?.headers['content-length'], '21', 'not parsed, so not written anew')
    }
  })

  await t.test('path and query are passed on as they were written', async t => {
    for (const path of [
      'a?b=c',
      'a?b=c&b=d&e',
      'a?',
      'a?x=%20+%2B',
      'a%20b',
      'a...b/...',
      'é'.normalize(),
      'a?b=a%2Fb',
      'a//b',
      'a;b=c',
    ]) {
      const sent = `/v1/echo/${path === 'é' ? '%C3%A9' : path}`
      const answer = await raw(port, `GET ${sent} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
      t.equal(statusOf(answer), 200, sent)
      t.equal(last()?.url, sent)
    }
  })

  await t.test('nothing climbs out of its path', async t => {
    const before = replica.seen.length
    for (const path of [
      '/v1/echo/../text',
      '/v1/echo/%2e%2e/text',
      '/v1/echo/..',
      '/v1/echo/%2E%2E',
      '/v1/echo/.%2e/a',
      '/v1/echo/a%2f..%2fb',
      '/v1/echo/..%5ca',
      '//evil.example/v1/text',
      'http://evil.example/v1/text',
      '/v1/echo/%00',
    ]) {
      const answer = await raw(port, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
      t.equal(statusOf(answer), 400, path)
    }
    t.equal(replica.seen.length, before, 'the replica heard of none')
  })

  await t.test('redirects are the client’s to follow', async t => {
    const moved = await request(`${url}/v1/moved`)
    t.equal(`${moved.statusCode} ${moved.headers.location}`, '302 /v1/text')
    const elsewhere = await request(`${url}/v1/elsewhere`)
    t.equal(`${elsewhere.statusCode} ${elsewhere.headers.location}`, '307 https://else.example/a?b=c')
    await Promise.all([moved.body.dump(), elsewhere.body.dump()])
  })

  await t.test('bodies of every type stream through, parsed by nobody', async t => {
    const form = '--x\r\ncontent-disposition: form-data; name="a"\r\n\r\nfile\r\n--x--\r\n'
    for (const [type, body] of [
      ['application/json', '{"broken":'],
      ['application/json ; charset=utf-8', '"{\\"method\\":\\"x\\"}"'],
      ['application/vnd.api+json', '{}'],
      ['application/x-www-form-urlencoded', 'a=b&c=%20d'],
      ['multipart/form-data; boundary=x', form],
      ['text/event-stream', 'data: a\n\n'],
      ['application/octet-stream', '\0\x01\x02'],
      ['text/plain', ''],
    ] as const) {
      const answer = await request(`${url}/v1/echo/b`, { method: 'POST', headers: { 'content-type': type }, body })
      const seen = JSON.parse(await answer.body.text())
      t.equal(Buffer.from(seen.body, 'base64').toString(), body, type)
      t.equal(seen.headers['content-type'], type)
    }
  })

  await t.test('a replica that cannot be understood is a 502, and says nothing of itself', async t => {
    for (const path of ['/v1/garbage', '/v1/impossible']) {
      const answer = await request(`${url}${path}`, { method: 'POST', body: 'x' })
      const body = await answer.body.text()
      t.equal(answer.statusCode, 502, path)
      // Any digits may be in a trace's id.
      t.notMatch(body.replace(/"traceId":"[^"]+"/, ''), /127\.0\.0\.1|HPE_|888/)
    }
  })

  await t.test('a replica that is slower than its deadline is a 504', async t => {
    const answer = await request(`${url}/v1/late`)
    t.equal(answer.statusCode, 504)
    t.match(await answer.body.json(), { code: 'deadline_exceeded' })
  })

  await t.test('an answer that breaks off is seen to break off', async t => {
    const answer = await request(`${url}/v1/short`)
    t.equal(answer.statusCode, 200)
    await t.rejects(answer.body.text())
  })

  await t.test('a client that leaves in the middle of its answer ends the replica’s work', async t => {
    const socket = connect(port, '127.0.0.1')
    socket.write('GET /v1/drip HTTP/1.1\r\nHost: x\r\n\r\n')
    await once(socket, 'data')
    const working = last()
    socket.destroy()
    if (working?.socket.destroyed === false) await once(working.socket, 'close')
    t.ok(working?.socket.destroyed)
  })

  await t.test('an answer before the whole request closes the connection, after it has been heard', async t => {
    const head = 'POST /v1/early HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\n\r\na'
    const answer = await raw(port, head, { quietMs: 10_000 })
    t.equal(statusOf(answer), 200)
    t.match(answer, /early/)
  })

  await t.test('and after a whole request it is used again', async t => {
    const post = (connection: string) =>
      `POST /v1/echo/c HTTP/1.1\r\nHost: x\r\n${connection}Content-Type: text/plain\r\nContent-Length: 3\r\n\r\nabc`
    const answer = await raw(port, post('') + post('Connection: close\r\n'), { quietMs: 10_000 })
    t.equal(answer.match(/HTTP\/1\.1 200 OK/g)?.length, 2)
  })

  await t.test('fields that Connection names end here, what the gateway adds does not', async t => {
    const names = ['X-One', 'x-two', 'X-Forwarded-For', 'Via']
    const fields = `Connection: close, ${names.join(' , ')}\r\nX-One: 1\r\nX-Two: 2\r\nX-Three: 3\r\n`
    await raw(port, `GET /v1/echo/d HTTP/1.1\r\nHost: x\r\n${fields}\r\n`)
    t.match(last()?.headers, { 'x-three': '3', 'x-forwarded-for': '127.0.0.1', via: '1.1 portico' })
    for (const name of ['x-one', 'x-two']) t.equal(last()?.headers[name], undefined, name)
  })

  await t.test('the replica is called by its own name, and told the one the client used', async t => {
    await raw(port, 'GET /v1/echo/e HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n')
    t.equal(last()?.headers.host, `127.0.0.1:${replica.port}`)
    t.equal(last()?.headers['x-forwarded-host'], 'shop.example')
  })

  await t.test('a method that no contract has is refused here', async t => {
    for (const method of ['PROPFIND', 'TRACE', 'SEARCH']) {
      const answer = await raw(port, `${method} /v1/text HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
      t.equal(statusOf(answer), 405, method)
    }
  })
})

test('several services behind one door, each with its own paths', async t => {
  const named = (service: string, url: string) =>
    stubReplica(t, {
      service,
      routes: [{ url }, { method: 'POST', url }],
      answer: async (incoming, response) => json(response, { service, body: (await bodyOf(incoming)).toString() }),
    })
  const services = await Promise.all([
    named('one', '/v1/a/:id'),
    named('two', '/v1/a/:id/b'),
    named('three', '/v1/a/fixed'),
  ])
  const upstreams = services.map(({ document, address }) => `${document.service}=${address}`)
  const known = async (url: string) => {
    const answer = await request(`${url}/openapi.json`)
    return Object.keys(((await answer.body.json()) as { paths: object }).paths).length >= 3
  }
  const gateway = await startGateway(t, { UPSTREAMS: upstreams.join(), RATE_LIMIT: 'off' }, known)
  for (const [path, service] of [
    ['/v1/a/1', 'one'],
    ['/v1/a/1/b', 'two'],
    ['/v1/a/fixed', 'three'],
    ['/v1/a/fixed?b', 'three'],
    ['/v1/a/%66ixed', 'three'],
  ] as const) {
    const answer = await request(`${gateway.url}${path}`, { method: 'POST', body: 'x' })
    t.match(await answer.body.json(), { service, body: 'x' }, path)
  }
  const nobody = await request(`${gateway.url}/v1/a/1/c`)
  t.equal(nobody.statusCode, 404)
  await nobody.body.dump()
})
