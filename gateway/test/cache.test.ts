import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { CachePurge, cachePurgeSubject } from '@portico/contracts'
import { eventually, type TestScope } from '@portico/testkit'
import { test } from 'tap'
import { request } from 'undici'
import { sessionNews, sessionsOf, stubExchange } from './support/exchange.ts'
import { startGateway } from './support/gateway.ts'
import { announce, startBus } from './support/house.ts'
import { json, stubReplica } from './support/stub-service.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => unknown

/** A gateway before a service whose answers each test writes; paths are used once. */
async function startHouse(t: TestScope) {
  const { bus, nats } = await startBus(t)
  const answers = new Map<string, Answer>()
  const asked = new Map<string, IncomingMessage[]>()
  const replica = await stubReplica(t, {
    service: 'accounts',
    routes: [
      { url: '/v1/kept/:name', policy: { cache: { maxAgeSeconds: 60 } } },
      { method: 'PUT', url: '/v1/kept/:name' },
      { url: '/v1/plain/:name' },
    ],
    sessionExchange: stubExchange,
    answer: (incoming, response) => {
      const url = incoming.url ?? ''
      if (url === stubExchange.url) return json(response, sessionsOf('01890000-0000-7000-8000-000000000001', 's'))
      asked.set(url, [...(asked.get(url) ?? []), incoming])
      return answers.get(url)?.(incoming, response)
    },
  })
  announce(t, bus, replica, 'accounts-1')
  sessionNews(t, bus)
  const gateway = await startGateway(t, { NATS_URL: nats.url, RATE_LIMIT: 'off' })
  const get = async (path: string, headers: Record<string, string> = {}, method = 'GET') => {
    const answer = await request(`${gateway.url}${path}`, { method: method as 'GET', headers })
    return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() }
  }
  return { gateway, bus, nats, answers, get, count: (path: string) => asked.get(path)?.length ?? 0, asked }
}

const kept = (control: string, text = 'x', headers: Record<string, string> = {}): Answer => {
  return (_request, response) => response.writeHead(200, { 'cache-control': control, ...headers }).end(text)
}

test('what the conformance suite does not ask', { timeout: 60_000 }, async t => {
  const { gateway, bus, nats, answers, get, count } = await startHouse(t)

  await t.test('only routes whose contract says so are kept, by the policy when the answer is silent', async t => {
    answers.set('/v1/plain/a', kept('max-age=60'))
    answers.set('/v1/kept/silent', (_request, response) => response.end('hello'))
    for (const path of ['/v1/plain/a', '/v1/plain/a', '/v1/kept/silent', '/v1/kept/silent']) await get(path)
    t.equal(count('/v1/plain/a'), 2)
    t.equal(count('/v1/kept/silent'), 1)
    const again = await get('/v1/kept/silent')
    t.match(again.headers['cache-status'], /^portico;hit;ttl=\d+$/)
    t.equal(again.headers['content-length'], '5')
    t.not(again.headers['x-request-id'], (await get('/v1/kept/silent')).headers['x-request-id'])
  })

  await t.test('who is signed in neither reads nor writes what is shared', async t => {
    answers.set('/v1/kept/me', (incoming, response) => {
      response
        .writeHead(200, { 'cache-control': 'public, max-age=60' })
        .end(incoming.headers.authorization ?? 'stranger')
    })
    const session = { authorization: 'Bearer mine' }
    t.equal((await get('/v1/kept/me', session)).text, 'Bearer internal')
    t.equal((await get('/v1/kept/me')).text, 'stranger')
    t.equal((await get('/v1/kept/me', session)).text, 'Bearer internal')
    t.equal((await get('/v1/kept/me')).text, 'stranger')
    t.equal(count('/v1/kept/me'), 3)
  })

  await t.test('a host that somebody made up has answers of its own', async t => {
    answers.set('/v1/kept/host', (incoming, response) => response.end(String(incoming.headers['x-forwarded-host'])))
    t.equal((await get('/v1/kept/host', { host: 'evil.example' })).text, 'evil.example')
    t.not((await get('/v1/kept/host')).text, 'evil.example')
  })

  await t.test('many who ask at once are one request upstream', async t => {
    let go = () => {}
    answers.set('/v1/kept/many', async (_request, response) => {
      await new Promise<void>(resolve => {
        go = resolve
      })
      response.writeHead(200, { 'content-length': '6', 'cache-control': 'max-age=60' }).write('abc')
      setTimeout(() => response.end('def'), 50)
    })
    const all = Array.from({ length: 50 }, () => get('/v1/kept/many'))
    await eventually(() => count('/v1/kept/many') === 1)
    setTimeout(() => go(), 300)
    const texts = (await Promise.all(all)).map(({ text }) => text)
    t.same(new Set(texts), new Set(['abcdef']))
    t.equal(count('/v1/kept/many'), 1)
  })

  await t.test('whoever leaves takes nothing from the others', async t => {
    let go = () => {}
    answers.set('/v1/kept/leave', async (_request, response) => {
      await new Promise<void>(resolve => {
        go = resolve
      })
      response.writeHead(200, { 'cache-control': 'max-age=60' }).end('whole')
    })
    const first = new AbortController()
    const leaver = request(`${gateway.url}/v1/kept/leave`, { signal: first.signal })
    leaver.catch(() => {})
    await eventually(() => count('/v1/kept/leave') === 1)
    const others = [get('/v1/kept/leave'), get('/v1/kept/leave')]
    // Long enough for both to have come; were they not, they would ask by themselves and be counted.
    setTimeout(() => first.abort(), 200)
    setTimeout(() => go(), 400)
    for (const { text } of await Promise.all(others)) t.equal(text, 'whole')
    t.equal(count('/v1/kept/leave'), 1)
  })

  await t.test('a client that does not read holds nobody back', async t => {
    const large = 'x'.repeat(3_000_000)
    answers.set('/v1/kept/large', kept('max-age=60', large))
    const socket = connect(gateway.port, '127.0.0.1')
    t.teardown(() => socket.destroy())
    socket.pause()
    socket.write('GET /v1/kept/large HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
    await eventually(() => count('/v1/kept/large') === 1)
    t.equal((await get('/v1/kept/large')).text.length, large.length)
  })

  await t.test('answers that are not for all are asked for each, and nobody waits for another’s', async t => {
    answers.set('/v1/kept/private', kept('private, max-age=60'))
    await get('/v1/kept/private')
    await Promise.all([1, 2, 3].map(() => get('/v1/kept/private')))
    t.equal(count('/v1/kept/private'), 4)
  })

  await t.test('what is too large is passed on and not kept', async t => {
    answers.set('/v1/kept/huge', kept('max-age=60', 'x'.repeat(5_000_000)))
    for (let turn = 0; turn < 2; turn += 1) t.equal((await get('/v1/kept/huge')).text.length, 5_000_000)
    t.equal(count('/v1/kept/huge'), 2)
  })

  await t.test('half an answer is not kept, and looks like half a one', async t => {
    answers.set('/v1/kept/half', (_request, response) => {
      response.writeHead(200, { 'content-length': '10', 'cache-control': 'max-age=60' }).write('half')
      setTimeout(() => response.destroy(), 50)
    })
    for (let turn = 0; turn < 2; turn += 1) await t.rejects(get('/v1/kept/half'))
    answers.set('/v1/kept/half', kept('max-age=60', 'whole now!'))
    t.equal((await get('/v1/kept/half')).text, 'whole now!')
  })

  await t.test('a stale answer is used while a new one is fetched', async t => {
    let version = 0
    answers.set('/v1/kept/swr', (_request, response) => {
      version += 1
      response.writeHead(200, { 'cache-control': 'max-age=0, stale-while-revalidate=60' }).end(`v${version}`)
    })
    t.equal((await get('/v1/kept/swr')).text, 'v1')
    t.equal((await get('/v1/kept/swr')).text, 'v1')
    await eventually(async () => (await get('/v1/kept/swr')).text !== 'v1')
  })

  await t.test('a stale answer stands in for a failure, and a broken service is not hidden for ever', async t => {
    answers.set('/v1/kept/sie', kept('max-age=0, stale-if-error=60', 'before', { etag: '"1"' }))
    await get('/v1/kept/sie')
    answers.set('/v1/kept/sie', (_request, response) => response.writeHead(503).end('no'))
    const stale = await get('/v1/kept/sie')
    t.same([stale.status, stale.text], [200, 'before'])
    t.match(stale.headers['cache-status'], 'fwd=stale;fwd-status=503')
    answers.set('/v1/kept/sie', (_request, response) => response.destroy())
    t.equal((await get('/v1/kept/sie')).text, 'before')
  })

  await t.test('a write makes what is kept of the same address untrue', async t => {
    answers.set('/v1/kept/write', kept('max-age=60', 'old'))
    await get('/v1/kept/write')
    answers.set('/v1/kept/write', (incoming, response) => {
      incoming.resume()
      response.setHeader('cache-control', 'max-age=60').end('new')
    })
    await get('/v1/kept/write', { authorization: 'Bearer mine' }, 'PUT')
    t.equal((await get('/v1/kept/write')).text, 'new')
  })

  await t.test('a purge by tag, also of what is just being fetched', async t => {
    const definition = {
      subject: cachePurgeSubject('accounts'),
      service: 'accounts',
      schema: CachePurge,
      description: '',
    }
    answers.set('/v1/kept/tagged', kept('max-age=60', 'old', { 'cache-tag': 'post:1, author:2' }))
    const first = await get('/v1/kept/tagged')
    t.equal(first.headers['cache-tag'], undefined)
    answers.set('/v1/kept/tagged', kept('max-age=60', 'new', { 'cache-tag': 'post:1' }))
    t.equal((await get('/v1/kept/tagged')).text, 'old')
    bus.broadcast(definition, { tags: ['author:2'] })
    await eventually(async () => (await get('/v1/kept/tagged')).text === 'new')

    answers.set('/v1/kept/slow', (_request, response) => {
      bus.broadcast(definition, { tags: ['post:9'] })
      setTimeout(() => kept('max-age=60', 'from before', { 'cache-tag': 'post:9' })(_request, response), 200)
    })
    await get('/v1/kept/slow')
    answers.set('/v1/kept/slow', kept('max-age=60', 'after', { 'cache-tag': 'post:9' }))
    t.equal((await get('/v1/kept/slow')).text, 'after')
  })

  await t.test('what was purged while NATS was away is not believed when it is back', async t => {
    answers.set('/v1/kept/away', kept('max-age=60', 'old', { 'cache-tag': 'post:7' }))
    await get('/v1/kept/away')
    await nats.kill()
    answers.set('/v1/kept/away', kept('max-age=60', 'new', { 'cache-tag': 'post:7' }))
    t.equal((await get('/v1/kept/away')).text, 'old')
    await nats.start()
    await eventually(async () => (await get('/v1/kept/away')).text === 'new', { withinMs: 15_000 })
  })

  await t.test('compressed once, for those who take it', async t => {
    const text = JSON.stringify(Array.from({ length: 500 }, (_, id) => ({ id, name: 'a name' })))
    answers.set('/v1/kept/json', kept('max-age=60', text, { 'content-type': 'application/json', etag: '"1"' }))
    const asked = { 'accept-encoding': 'gzip, br;q=0.5' }
    await get('/v1/kept/json')
    await eventually(async () => (await get('/v1/kept/json', asked)).headers['content-encoding'] === 'gzip')
    const coded = await get('/v1/kept/json', asked)
    t.match(coded.headers, { vary: /accept-encoding/, etag: 'W/"1"' })
    t.ok(Number(coded.headers['content-length']) < text.length / 3)
    t.equal((await get('/v1/kept/json')).text, text)
    t.equal((await get('/v1/kept/json', { ...asked, 'if-none-match': 'W/"1"' })).status, 304)
    t.equal((await get('/v1/kept/json', { ...asked, range: 'bytes=0-9' })).text, text.slice(0, 10))
    t.equal(count('/v1/kept/json'), 1)
  })
})
