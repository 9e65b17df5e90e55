import type { IncomingHttpHeaders } from 'node:http'
import { type Test, test } from 'tap'
import { sessionsOf, stubExchange } from './support/exchange.ts'
import { type RunningGateway, startGateway } from './support/gateway.ts'
import { raw, statusOf, bodyOf as textOf } from './support/raw.ts'
import { bodyOf, json, stubReplica } from './support/stub-service.ts'

// Whatever a client claims about itself, the service is told what the gateway found out, and nothing else.

const userId = '01890000-0000-7000-8000-000000000001'
const sessionId = '01890000-0000-7000-8000-000000000002'

/** Fields that somebody behind a proxy may believe, each with what a client would like it to say. */
const claims: Readonly<Record<string, string>> = {
  authorization: 'Bearer internal',
  cookie: 'portico_internal=1',
  forwarded: 'for=6.6.6.6;host=evil;proto=https',
  'x-forwarded-for': '6.6.6.6',
  'x-forwarded-host': 'evil.example',
  'x-forwarded-proto': 'https',
  'x-forwarded-port': '443',
  'x-forwarded-prefix': '/evil',
  'x-forwarded-user': 'root',
  'x-real-ip': '6.6.6.6',
  'x-client-ip': '6.6.6.6',
  'true-client-ip': '6.6.6.6',
  'cf-connecting-ip': '6.6.6.6',
  via: '1.1 evil',
  'portico-client-address': '6.6.6.6',
  'portico-request-id': '00000000000000000000000000000000',
  'portico-deadline-ms': '3600000',
  'portico-principal': '{"role":"operator"}',
  'portico-anything': '1',
  'cache-tag': 'post:1',
  'x-request-id': '00000000000000000000000000000000',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  tracestate: 'evil=1',
  baggage: 'role=operator',
  'x-original-url': '/v1/secret',
  'x-rewrite-url': '/v1/secret',
  'x-http-method-override': 'DELETE',
  'proxy-authorization': 'Basic evil',
  te: 'trailers',
}
const names = Object.keys(claims)

/** How a field can be put so that a careless proxy lets it through. */
const disguises: Readonly<Record<string, (name: string, value: string) => string[]>> = {
  'as it is': (name, value) => [`${name}: ${value}`],
  'in capitals': (name, value) => [`${name.toUpperCase()}: ${value}`],
  twice: (name, value) => [`${name}: ${value}`, `${name[0]?.toUpperCase()}${name.slice(1)}: ${value}`],
  'nominated by Connection': (name, value) => [`Connection: close, ${name}`, `${name}: ${value}`],
  'nominated and absent': name => [`Connection: ${name}, close`],
  'nominated in a second Connection': (name, value) => [
    `Connection: keep-alive`,
    `connection: ${name}`,
    `${name}: ${value}`,
  ],
  'with a low line': (name, value) => [`${name.replaceAll('-', '_')}: ${value}`],
  empty: name => [`${name}:`],
}

/** Fields that differ from one honest request to the next, and what they must look like whatever a client said. */
const changing: Readonly<Record<string, RegExp>> = {
  'portico-request-id': /^(?!0{32})[0-9a-f]{32}$/,
  'portico-deadline-ms': /^(?:[1-9]\d{0,3}|10000)$/,
  traceparent: /^00-(?!0af7651916cd43dd8448eb211c80319c)[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/,
}

interface Seen {
  headers: IncomingHttpHeaders
  trailers: Record<string, string>
}

async function startHouse(t: Test, env: Record<string, string> = {}) {
  const replica = await stubReplica(t, {
    service: 'accounts',
    routes: [
      { url: '/v1/echo' },
      { method: 'POST', url: '/v1/echo' },
      { url: '/v1/mine', policy: { access: 'signed-in' } },
      { url: '/v1/operators', policy: { access: ['operator'] } },
      { url: '/v1/secret', policy: { access: 'internal' } },
    ],
    sessionExchange: stubExchange,
    answer: async (incoming, response) => {
      const body = await bodyOf(incoming)
      const { url, headers, trailers } = incoming
      if (url !== stubExchange.url) return json(response, { headers, trailers })
      return body.toString().includes('"good"')
        ? json(response, sessionsOf(userId, sessionId))
        : json(response, {}, {}, 401)
    },
  })
  const gateway = await startGateway(t, { UPSTREAMS: `accounts=${replica.address}`, RATE_LIMIT: 'off', ...env })
  return { replica, gateway }
}

async function seenWith(gateway: RunningGateway, fields: readonly string[]): Promise<Seen> {
  const all = [
    'Host: x',
    ...fields,
    ...(fields.some(field => /^connection: (?!keep)/i.test(field)) ? [] : ['Connection: close']),
  ]
  const answer = await raw(gateway.port, `GET /v1/echo HTTP/1.1\r\n${all.join('\r\n')}\r\n\r\n`, { quietMs: 3_000 })
  if (statusOf(answer) !== 200) throw new Error(`${fields.join(', ')}: ${answer}`)
  return JSON.parse(textOf(answer)) as Seen
}

function sameView(t: Test, seen: IncomingHttpHeaders, honest: IncomingHttpHeaders, what: string): void {
  const [rest, expected] = [{ ...seen }, { ...honest }]
  for (const [name, shape] of Object.entries(changing)) {
    if (!shape.test(String(seen[name]))) t.fail(`${what}: ${name} is ${seen[name]}`)
    delete rest[name]
    delete expected[name]
  }
  t.same(rest, expected, what)
}

test('the service sees the same, whatever a client claims and however it writes it', async t => {
  const { gateway } = await startHouse(t)
  const honest = await seenWith(gateway, [])
  t.match(honest.headers, { 'x-forwarded-for': '127.0.0.1', 'portico-client-address': '127.0.0.1' })
  for (const [how, disguise] of Object.entries(disguises)) {
    await t.test(how, async t => {
      const views = names.map(async name => {
        const { headers } = await seenWith(gateway, disguise(name, claims[name] ?? ''))
        sameView(t, headers, honest.headers, name)
      })
      await Promise.all(views)
    })
  }
  await t.test('all at once', async t => {
    const { headers } = await seenWith(
      gateway,
      names.map(name => `${name}: ${claims[name]}`),
    )
    sameView(t, headers, honest.headers, 'all')
  })
  await t.test('in trailers', async t => {
    const trailers = names.map(name => `${name}: ${claims[name]}\r\n`).join('')
    const head = 'POST /v1/echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n'
    const answer = await raw(gateway.port, `${head}1\r\na\r\n0\r\n${trailers}\r\n`, { quietMs: 3_000 })
    const seen = JSON.parse(textOf(answer)) as Seen
    t.same(seen.trailers, {})
    for (const name of ['authorization', 'cookie', 'cache-tag', 'baggage']) t.equal(seen.headers[name], undefined)
    t.equal(seen.headers['portico-client-address'], '127.0.0.1')
  })
  await t.test('asking for an explanation', async t => {
    const question = 'GET /v1/echo HTTP/1.1\r\nHost: x\r\nPortico-Explain: 1\r\nConnection: close\r\n\r\n'
    const answer = await raw(gateway.port, question, { quietMs: 3_000 })
    t.equal(statusOf(answer), 200)
    t.notMatch(answer.slice(0, answer.indexOf('\r\n\r\n')), /portico-explain|127\.0\.0\.1:\d/i)
  })
})

const ask = async (gateway: RunningGateway, path: string, ...fields: string[]) => {
  const head = [`GET ${path} HTTP/1.1`, 'Host: x', 'Connection: close', ...fields].join('\r\n')
  return statusOf(await raw(gateway.port, `${head}\r\n\r\n`, { quietMs: 3_000 }))
}

test('no claim opens a door', async t => {
  const { gateway, replica } = await startHouse(t)
  const doors = () => replica.seen.filter(({ url }) => url !== '/v1/echo' && url !== stubExchange.url).length
  const everything = names.filter(name => name !== 'authorization').map(name => `${name}: ${claims[name]}`)
  const keys = ['internal', 'Internal', '', 'a.b.c', `${'x'.repeat(5_000)}`].map(
    token => `Authorization: Bearer ${token}`,
  )
  for (const key of [...keys, 'Authorization: internal', 'Cookie: portico_session=internal', 'X-User: operator']) {
    for (const path of ['/v1/mine', '/v1/operators'])
      t.equal(await ask(gateway, path, key), 401, `${path} ${key.slice(0, 60)}`)
  }
  for (const path of ['/v1/mine', '/v1/operators']) t.equal(await ask(gateway, path, ...everything), 401)
  t.equal(await ask(gateway, '/v1/secret', ...everything), 404)
  t.equal(await ask(gateway, stubExchange.url, ...everything), 404)
  t.equal(await ask(gateway, '/v1/secret', 'Authorization: Bearer good'), 404)
  t.equal(doors(), 0, 'the service heard of none of them')

  t.equal(await ask(gateway, '/v1/mine', 'Authorization: Bearer good', ...everything), 200)
  t.equal(await ask(gateway, '/v1/operators', 'Authorization: Bearer good', ...everything), 403)
  // Two credentials: the first is the one, for the gateway as for the service.
  t.equal(await ask(gateway, '/v1/mine', 'Authorization: Bearer internal', 'Authorization: Bearer good'), 401)
  t.equal(replica.seen.find(({ url }) => url === '/v1/mine')?.headers.authorization, 'Bearer internal')
})

test('nobody gets a new allowance by claiming another address', async t => {
  const { gateway } = await startHouse(t, { RATE_LIMIT: 'on', RATE_LIMITS: 'read=5/60' })
  const statuses: number[] = []
  for (let round = 0; round < 8; round += 1) {
    const address = `6.6.6.${round}`
    const fields = ['X-Forwarded-For', 'X-Real-IP', 'Portico-Client-Address', 'True-Client-IP', 'CF-Connecting-IP']
    statuses.push(
      await ask(gateway, '/v1/echo', ...fields.map(name => `${name}: ${address}`), `Forwarded: for=${address}`),
    )
  }
  t.same(statuses, [200, 200, 200, 200, 200, 429, 429, 429])
})

test('what one client says never becomes what another is answered', async t => {
  let count = 0
  const replica = await stubReplica(t, {
    service: 'pages',
    routes: [{ url: '/v1/page/:id', policy: { cache: { maxAgeSeconds: 60 } } }],
    answer: ({ headers }, response) => {
      count += 1
      json(
        response,
        { count, language: headers['accept-language'] ?? 'none', host: headers['x-forwarded-host'] },
        {
          'cache-control': 'public, max-age=60',
          vary: 'accept-language',
        },
      )
    },
  })
  const gateway = await startGateway(t, { UPSTREAMS: `pages=${replica.address}`, RATE_LIMIT: 'off' })
  const get = async (id: number, host: string, ...fields: string[]) => {
    const head = [`GET /v1/page/${id} HTTP/1.1`, `Host: ${host}`, ...fields].join('\r\n')
    const answer = await raw(gateway.port, `${head}\r\n\r\n`, { quietMs: 3_000 })
    return JSON.parse(textOf(answer)) as { count: number; language: string; host: string }
  }
  const french = 'Accept-Language: fr'
  await get(1, 'x', french, 'Connection: close, Accept-Language')
  t.equal((await get(1, 'x', french, 'Connection: close')).language, 'fr', 'a field that was nominated away')
  await get(2, 'evil.example', french, 'Connection: close')
  t.equal((await get(2, 'x', french, 'Connection: close')).host, 'x', 'another Host')
  const kept = await get(3, 'x', french, 'Connection: close')
  t.equal((await get(3, 'x', french, 'Connection: close')).count, kept.count, 'and honest answers are kept')
})

test('behind our own proxy its word counts, and what lies further left does not', async t => {
  const { gateway } = await startHouse(t, { TRUSTED_PROXIES: '127.0.0.0/8,10.0.0.0/8' })
  for (const [fields, address] of [
    [['X-Forwarded-For: 9.9.9.9'], '9.9.9.9'],
    [['X-Forwarded-For: 6.6.6.6, 9.9.9.9'], '9.9.9.9'],
    [['X-Forwarded-For: 6.6.6.6', 'X-Forwarded-For: 9.9.9.9, 10.0.0.7'], '9.9.9.9'],
    [['X-Forwarded-For: 6.6.6.6, nonsense'], '127.0.0.1'],
    [['X-Forwarded-For: 9.9.9.9', 'X-Real-IP: 6.6.6.6', 'Portico-Client-Address: 6.6.6.6'], '9.9.9.9'],
    [['X-Forwarded-For: '], '127.0.0.1'],
  ] as const) {
    const { headers } = await seenWith(gateway, fields)
    t.equal(headers['portico-client-address'], address, fields.join(' | '))
    t.equal(headers['x-forwarded-for'], address)
    t.equal(headers.forwarded, `for=${address};host="x";proto=http`)
  }
})
