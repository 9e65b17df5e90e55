import { once } from 'node:events'
import { connect, createServer, type Server } from 'node:net'
import { Readable } from 'node:stream'
import { test } from 'tap'
import { request } from 'undici'
import { eventually, listen, startFront, startReplica } from '../../test/forward-harness.ts'

test('a request goes there, its answer comes back', async t => {
  const replica = await startReplica(t, async (incoming, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk)
    response.writeHead(201, { 'content-type': 'text/plain', 'x-method': incoming.method, 'x-url': incoming.url })
    response.end(Buffer.concat(chunks))
  })
  const front = await startFront(t)
  front.add(replica.port)
  const url = `http://127.0.0.1:${front.port}/v1/things?a=%20b`

  for (const body of ['', 'small', 'x'.repeat(200_000)]) {
    const answer = await request(url, { method: 'POST', body })
    t.equal(answer.statusCode, 201)
    t.equal(answer.headers['x-method'], 'POST')
    t.equal(answer.headers['x-url'], '/v1/things?a=%20b')
    t.equal(await answer.body.text(), body)
  }
  const get = await request(url)
  t.equal(get.headers['x-method'], 'GET')
  await get.body.dump()
  t.equal(front.ends.length, 4)
  t.match(front.ends[2], { outcome: 'answered', status: 201, retries: 0, bytesIn: 200_000, bytesOut: 200_000 })
})

test('fields of the connection to the replica stay there', async t => {
  let seen: string[] = []
  const replica = await startReplica(t, (incoming, response) => {
    seen = Object.keys(incoming.headers)
    response.writeHead(200, [
      ...['connection', 'x-secret-hop, keep-alive', 'x-secret-hop', '1', 'keep-alive', 'timeout=9'],
      ...['proxy-authenticate', 'Basic', 'x-end', '2', 'set-cookie', 'a=1', 'set-cookie', 'b=2'],
    ])
    response.end('ok')
  })
  const front = await startFront(t)
  front.add(replica.port)
  const head = await raw(front.port, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Other: 4\r\n\r\n')
  t.match(head, /x-end: 2/)
  t.match(head, /set-cookie: a=1\r\nset-cookie: b=2/)
  t.notMatch(head, /x-secret-hop|timeout=9|proxy-authenticate/i)
  for (const name of ['x-other', 'portico-deadline-ms', 'traceparent']) t.ok(seen.includes(name), name)
})

test('HEAD, 204 and 304 have no body, and their connections are used again', async t => {
  const ports = new Set<number | undefined>()
  const replica = await startReplica(t, (incoming, response) => {
    ports.add(incoming.socket.remotePort)
    const status = incoming.url === '/204' ? 204 : incoming.url === '/304' ? 304 : 200
    response.writeHead(status, status === 200 ? { 'content-length': '600', etag: '"x"' } : { etag: '"x"' })
    response.end()
  })
  const front = await startFront(t)
  front.add(replica.port)
  for (const [method, path, length] of [
    ['HEAD', '/', '600'],
    ['GET', '/204', undefined],
    ['GET', '/304', undefined],
    ['HEAD', '/', '600'],
  ] as const) {
    const answer = await request(`http://127.0.0.1:${front.port}${path}`, { method })
    t.equal(answer.headers['content-length'], length, `${method} ${path}`)
    t.equal(answer.headers.etag, '"x"')
    t.equal(await answer.body.text(), '')
  }
  t.equal(ports.size, 1)
})

test('trailers and early hints pass', async t => {
  const replica = await startReplica(t, (_, response) => {
    response.writeEarlyHints({ link: '</style.css>; rel=preload' })
    response.writeHead(200, { trailer: 'x-sum' })
    response.write('one')
    response.addTrailers({ 'x-sum': 'abc' })
    response.end()
  })
  const front = await startFront(t)
  front.add(replica.port)
  const all = await raw(front.port, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  t.match(all, /^HTTP\/1.1 103 Early Hints\r\nlink: <\/style.css>; rel=preload\r\n\r\nHTTP\/1.1 200 OK/i)
  t.match(all, /0\r\nx-sum: abc\r\n\r\n$/)
})

test('a body over the limit is cut off', async t => {
  let received = 0
  let aborted = false
  const replica = await startReplica(t, (incoming, response) => {
    incoming.on('data', chunk => {
      received += chunk.length
    })
    incoming.on('error', () => {
      aborted = true
    })
    incoming.on('end', () => response.end('whole'))
  })
  const front = await startFront(t, { policy: { bodyLimitBytes: 100_000 } })
  front.add(replica.port)

  const declared = await request(`http://127.0.0.1:${front.port}/`, { method: 'POST', body: 'x'.repeat(100_001) })
  t.equal(declared.statusCode, 413)
  t.match(await declared.body.json(), { code: 'body_too_large' })
  t.equal(received, 0, 'what declares itself too large is not begun')

  const streamed = await request(`http://127.0.0.1:${front.port}/`, {
    method: 'POST',
    body: Readable.from(Array.from({ length: 50 }, () => Buffer.alloc(10_000))),
  })
  t.equal(streamed.statusCode, 413)
  t.ok(await eventually(() => aborted), 'the replica sees it break off')
  t.ok(received <= 100_000)
  t.match(front.upstream.snapshot().replicas[0], { failures: 0, inFlight: 0 })
})

test('100-continue is answered when the body is wanted, and not when it is not', async t => {
  const replica = await startReplica(t, (incoming, response) => {
    t.notOk(incoming.headers.expect)
    incoming.resume().on('end', () => response.end('thanks'))
  })
  const front = await startFront(t, { policy: { bodyLimitBytes: 10 } })
  front.add(replica.port)
  const post = (length: number) =>
    raw(
      front.port,
      `POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`,
      {
        when: '100 Continue',
        send: 'x'.repeat(length),
      },
    )
  t.match(await post(5), /^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200/)
  t.match(await post(11), /^HTTP\/1.1 413/)
})

test('the replica hears when the client leaves, before the head and after', async t => {
  let closed = 0
  const replica = await startReplica(t, (incoming, response) => {
    response.on('close', () => {
      closed += 1
    })
    if (incoming.url === '/after') response.write('first')
  })
  const front = await startFront(t)
  front.add(replica.port)
  const before = connect(front.port, '127.0.0.1')
  before.write('GET /before HTTP/1.1\r\nHost: x\r\n\r\n')
  t.ok(await eventually(() => front.upstream.replicas[0]?.inFlight === 1))
  before.destroy()
  t.ok(await eventually(() => closed === 1))

  const after = connect(front.port, '127.0.0.1')
  after.write('GET /after HTTP/1.1\r\nHost: x\r\n\r\n')
  await new Promise(resolve => after.once('data', resolve))
  after.destroy()
  t.ok(await eventually(() => closed === 2))
  t.ok(await eventually(() => front.ends.length === 2))
  t.match(front.ends, [{ outcome: 'client-left' }, { outcome: 'client-left' }])
  t.equal(front.upstream.replicas[0]?.inFlight, 0)
  t.equal(front.upstream.replicas[0]?.stats.failures, 0)
})

test('failures become problems that name nobody', async t => {
  const refused = await closedPort()
  const front = await startFront(t, { policy: { deadlineMs: 300 }, forwarder: { bounds: { parkingMs: 100 } } })
  const url = `http://127.0.0.1:${front.port}/`
  const ask = async (method: 'GET' | 'POST' = 'GET') => {
    const answer = await request(url, { method })
    const text = await answer.body.text()
    t.notMatch(text, /127\.0\.0\.1|ECONN|:\d{4}/)
    t.equal(answer.headers['content-type'], 'application/problem+json')
    return { status: answer.statusCode, code: JSON.parse(text).code }
  }
  t.same(await ask(), { status: 503, code: 'service_unavailable' }, 'nobody is there')

  front.add(refused, 'refused')
  t.match(await ask(), { status: /503|504/ }, 'refused')
  front.upstream.remove('refused')

  const silent = await startSocketServer(t, socket => socket.resume())
  front.add(silent, 'silent')
  t.same(await ask(), { status: 504, code: 'deadline_exceeded' }, 'accepts and never answers')
  front.upstream.remove('silent')

  const breaking = await startSocketServer(t, socket => socket.once('data', () => socket.resetAndDestroy()))
  front.add(breaking, 'breaking')
  t.same(await ask('POST'), { status: 502, code: 'bad_gateway' }, 'breaks off, and must not be repeated')
  front.upstream.remove('breaking')

  const babbling = await startSocketServer(t, socket => socket.once('data', () => socket.end('SSH-2.0 hello\r\n\r\n')))
  front.add(babbling, 'babbling')
  t.same(await ask('POST'), { status: 502, code: 'bad_gateway' }, 'no HTTP')
})

test('an answer that breaks off is seen to break off', async t => {
  const replica = await startSocketServer(t, socket =>
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n')
      setTimeout(() => socket.resetAndDestroy(), 50)
    }),
  )
  const front = await startFront(t)
  front.add(replica)
  const answer = await request(`http://127.0.0.1:${front.port}/`)
  await t.rejects(answer.body.text())
  t.match(front.ends, [{ outcome: 'failed', status: 200 }])
})

test('a replica that is gone costs a read nothing, and an unsafe write only when it had left', async t => {
  const good = await startReplica(t, (incoming, response) => {
    incoming.resume().on('end', () => response.end('good'))
  })
  const front = await startFront(t, { upstream: { strategy: 'round-robin' } })
  front.add(await closedPort(), 'gone')
  front.add(good.port, 'good')
  for (let round = 0; round < 4; round += 1) {
    for (const method of ['GET', 'POST', 'PATCH'] as const) {
      const answer = await request(`http://127.0.0.1:${front.port}/`, {
        method,
        body: method === 'GET' ? null : 'body',
      })
      t.equal(await answer.body.text(), 'good', `${method}: nothing had left`)
    }
  }
  front.upstream.remove('gone')

  let breaks = 0
  const breaking = await startSocketServer(t, socket =>
    socket.once('data', () => {
      breaks += 1
      socket.resetAndDestroy()
    }),
  )
  front.add(breaking, 'breaking')
  const statuses: Record<string, number[]> = { GET: [], POST: [], keyed: [] }
  for (let round = 0; round < 4; round += 1) {
    for (const kind of ['GET', 'POST', 'keyed'] as const) {
      const answer = await request(`http://127.0.0.1:${front.port}/`, {
        method: kind === 'GET' ? 'GET' : 'POST',
        headers: kind === 'keyed' ? { 'idempotency-key': `key-${round}` } : {},
        body: kind === 'GET' ? null : 'body',
      })
      statuses[kind]?.push(answer.statusCode)
      await answer.body.dump()
    }
  }
  t.ok(breaks > 0)
  t.same(statuses.GET, [200, 200, 200, 200])
  t.same(statuses.keyed, [200, 200, 200, 200])
  t.ok(statuses.POST?.includes(502), 'without a key nobody knows whether it was done')
})

test('a failing answer is not used while another replica may do better', async t => {
  const bad = await startReplica(t, (_, response) => response.writeHead(503).end('x'.repeat(500)))
  const good = await startReplica(t, (_, response) => response.end('good'))
  const front = await startFront(t, { upstream: { strategy: 'round-robin' } })
  front.add(bad.port, 'bad')
  const alone = await request(`http://127.0.0.1:${front.port}/`)
  t.equal(alone.statusCode, 503, 'its own answer when there is no other')
  await alone.body.dump()
  front.add(good.port, 'good')
  for (let round = 0; round < 8; round += 1) {
    const answer = await request(`http://127.0.0.1:${front.port}/`)
    t.equal(await answer.body.text(), 'good')
  }
})

test('a repeat says that it is one, and only a repeat', async t => {
  const seen: (string | undefined)[] = []
  const replicas = await Promise.all(
    ['breaks off', 'answers'].map(() =>
      startReplica(t, (incoming, response) => {
        seen.push([incoming.headers['portico-repeat']].flat()[0])
        if (seen.length === 1) incoming.socket.destroy()
        else response.end()
      }),
    ),
  )
  const front = await startFront(t)
  for (const { port } of replicas) front.add(port)
  const keyed = { method: 'POST', headers: { 'idempotency-key': 'k' }, body: 'x' } as const
  for (const expected of [[undefined, '1'], [undefined]]) {
    const before = seen.length
    const answer = await request(`http://127.0.0.1:${front.port}/`, keyed)
    await answer.body.dump()
    t.equal(answer.statusCode, 200)
    t.same(seen.slice(before), expected)
  }
})

test('retries stay within their budget', async t => {
  let asked = 0
  const listener = (socket: import('node:net').Socket) =>
    socket.once('data', () => {
      asked += 1
      socket.resetAndDestroy()
    })
  const front = await startFront(t, {
    upstream: { ejection: { consecutiveFailures: 1e9, baseMs: 1, limitMs: 1, capRatio: 0 } },
  })
  for (const id of ['a', 'b', 'c']) front.add(await startSocketServer(t, listener), id)
  const total = 15
  const fromMs = performance.now()
  for (let sent = 0; sent < total; sent += 1) {
    const answer = await request(`http://127.0.0.1:${front.port}/`)
    await answer.body.dump()
    t.ok(answer.statusCode >= 502)
  }
  // 20% of the requests, and the ten a second that a quiet service may make.
  const seconds = (performance.now() - fromMs) / 1_000
  t.ok(asked - total <= total * 0.2 + 10 * (seconds + 1), `${asked} asked in ${seconds} s`)
})

test('a read that meets a closing connection is sent again over a new one, whatever is left of the budget', async t => {
  let asked = 0
  // Of each connection the first request is answered; the second meets its end.
  const listener = (socket: import('node:net').Socket) =>
    socket.once('data', () => {
      asked += 1
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      socket.once('data', () => {
        asked += 1
        socket.end()
      })
    })
  const front = await startFront(t)
  for (const id of ['a', 'b']) front.add(await startSocketServer(t, listener), id)
  const total = 100
  for (let sent = 0; sent < total; sent += 1) {
    const answer = await request(`http://127.0.0.1:${front.port}/`)
    t.equal(await answer.body.text(), 'ok')
  }
  t.ok(asked >= 1.4 * total && asked <= 2 * total, `${asked} asked: no request more than twice`)
})

test('requests wait for a replica to come', async t => {
  const replica = await startReplica(t, (_, response) => response.end('here'))
  const front = await startFront(t)
  const waiting = request(`http://127.0.0.1:${front.port}/`)
  t.ok(await eventually(() => front.forwarder.snapshot()[0]?.parked === 1))
  front.add(replica.port)
  const answer = await waiting
  t.equal(await answer.body.text(), 'here')
  t.equal(front.forwarder.snapshot()[0]?.parked, 0)
})

test('when the forwarder closes, nobody waits on', async t => {
  const front = await startFront(t)
  const waiting = request(`http://127.0.0.1:${front.port}/`)
  t.ok(await eventually(() => front.forwarder.snapshot()[0]?.parked === 1))
  front.forwarder.close()
  const answer = await waiting
  t.equal(answer.statusCode, 503)
  await answer.body.dump()
})

test('an answer that comes before the body is told, and the rest of the body is dropped', async t => {
  const replica = await startReplica(t, (_, response) => response.writeHead(401).end('who are you?'))
  const length = 50_000_000
  const front = await startFront(t, { policy: { flow: 'stream', bodyLimitBytes: length } })
  front.add(replica.port)
  const socket = connect(front.port, '127.0.0.1')
  let answer = ''
  socket.setEncoding('latin1').on('data', text => {
    answer += text
  })
  let gone = false
  socket.on('error', () => {
    gone = true
  })
  socket.on('close', () => {
    gone = true
  })
  socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`)
  const chunk = Buffer.alloc(50_000)
  const dribble = setInterval(() => socket.write(chunk), 5)
  t.teardown(() => clearInterval(dribble))
  t.ok(await eventually(() => answer.includes('who are you?')))
  t.match(answer, /^HTTP\/1.1 401/)
  t.ok(await eventually(() => gone, 6_000), 'whoever goes on sending is cut off')
})

test('a slow reader holds the replica back', async t => {
  let written = 0
  const replica = await startReplica(t, (_, response) => {
    const chunk = Buffer.alloc(64 * 1024)
    const write = () => {
      while (written < 200e6) {
        written += chunk.length
        if (!response.write(chunk)) break
      }
    }
    response.on('drain', write)
    write()
  })
  const front = await startFront(t, { policy: { flow: 'stream' } })
  front.add(replica.port)
  const rssBefore = process.memoryUsage().rss
  const socket = connect(front.port, '127.0.0.1')
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await new Promise(resolve => socket.once('data', resolve))
  socket.pause()
  let before = -1
  t.ok(
    await eventually(() => {
      const stands = before === written
      before = written
      return stands
    }),
  )
  t.ok(written < 30e6, `${written} bytes were taken from the replica`)
  t.ok(process.memoryUsage().rss - rssBefore < 64e6)
  socket.destroy()
  t.ok(await eventually(() => front.ends.length === 1))
})

test('bytes are passed as they are, whatever they claim to be', async t => {
  const odd = Buffer.from([0xff, 0xfe, 0x00, 0xe9, 0x0d, 0x0a])
  const replica = await startReplica(t, async (incoming, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk)
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' })
    response.end(Buffer.concat(chunks))
  })
  const front = await startFront(t)
  front.add(replica.port)
  const answer = await request(`http://127.0.0.1:${front.port}/`, {
    method: 'POST',
    headers: { 'content-type': 'text/plain' },
    body: odd,
  })
  t.same(Buffer.from(await answer.body.arrayBuffer()), odd)
})

test('a slow replica holds the client back', async t => {
  let taken = 0
  const replica = await startReplica(t, (incoming, response) => {
    incoming.once('data', (chunk: Buffer) => {
      taken += chunk.length
      incoming.pause()
      setTimeout(() => {
        incoming.on('data', (more: Buffer) => {
          taken += more.length
        })
        incoming.on('end', () => response.end(String(taken)))
        incoming.resume()
      }, 400)
    })
  })
  const length = 60_000_000
  const front = await startFront(t, { policy: { flow: 'stream', bodyLimitBytes: length } })
  front.add(replica.port)
  const socket = connect(front.port, '127.0.0.1')
  let answer = ''
  socket.setEncoding('latin1').on('data', text => {
    answer += text
  })
  socket.write(`POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${length}\r\n\r\n`)
  let sent = 0
  const chunk = Buffer.alloc(100_000)
  const send = () => {
    while (sent < length) {
      sent += chunk.length
      if (!socket.write(chunk)) return
    }
  }
  socket.on('drain', send)
  send()
  t.ok(await eventually(() => taken > 0))
  await new Promise(resolve => setTimeout(resolve, 200))
  t.ok(sent < 30e6, `${sent} bytes were taken from the client while the replica stood still`)
  t.ok(await eventually(() => answer.endsWith(String(length)), 10_000))
})

test('a client that dribbles a small body holds nothing of the service', async t => {
  const replica = await startReplica(t, (incoming, response) => {
    incoming.resume().on('end', () => response.end('thanks'))
  })
  const front = await startFront(t, { policy: { deadlineMs: 400 } })
  front.add(replica.port)
  const socket = connect(front.port, '127.0.0.1')
  let answer = ''
  socket.setEncoding('latin1').on('data', text => {
    answer += text
  })
  socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhello')
  t.ok(await eventually(() => answer.startsWith('HTTP/1.1 408')))
  t.match(front.forwarder.snapshot()[0], { inFlight: 0 })
  t.match(front.upstream.snapshot().replicas[0], { requests: 0, failures: 0 })
  socket.destroy()
})

test('a client that sends no more of a long body is not waited for; one whose replica takes no more is', async t => {
  const silenceMs = 300
  const length = 200_000
  let brokeOff = false
  const replica = await startReplica(t, (incoming, response) => {
    incoming.on('error', () => {
      brokeOff = true
    })
    if (incoming.url === '/at-once') {
      incoming.resume()
      return
    }
    setTimeout(() => incoming.resume().on('end', () => response.end('thanks')), silenceMs * 3)
  })
  const bounds = { policy: { flow: 'stream', deadlineMs: 60_000, bodyLimitBytes: 1e9 } } as const
  const front = await startFront(t, { ...bounds, forwarder: { bounds: { silenceMs } } })
  front.add(replica.port)
  const post = (path: string, declared: number) =>
    `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${declared}\r\n\r\n`

  const stopped = connect(front.port, '127.0.0.1')
  stopped.write(`${post('/at-once', length)}${'x'.repeat(length / 2)}`)
  const [answer] = await once(stopped.setEncoding('latin1'), 'data')
  t.match(answer, /^HTTP\/1\.1 408 /)
  t.ok(await eventually(() => brokeOff), 'and the replica is told')
  t.match(front.upstream.snapshot().replicas[0], { failures: 0 })
  stopped.destroy()

  // More than all the buffers on the way take.
  const large = 40_000_000
  const held = connect(front.port, '127.0.0.1')
  held.write(Buffer.concat([Buffer.from(post('/later', large)), Buffer.alloc(large, 'x')]))
  t.match((await once(held.setEncoding('latin1'), 'data'))[0], /^HTTP\/1\.1 200 /)
  held.destroy()
})

test('a deadline shrinks and is passed on', async t => {
  const seen: number[] = []
  const replica = await startReplica(t, (incoming, response) => {
    seen.push(Number(incoming.headers['portico-deadline-ms']))
    response.end()
  })
  const front = await startFront(t, { policy: { deadlineMs: 2_000 } })
  const waiting = request(`http://127.0.0.1:${front.port}/`)
  await eventually(() => front.forwarder.snapshot()[0]?.parked === 1)
  await new Promise(resolve => setTimeout(resolve, 100))
  front.add(replica.port)
  await (await waiting).body.dump()
  await (await request(`http://127.0.0.1:${front.port}/`)).body.dump()
  const [parked = 0, direct = 0] = seen
  t.ok(parked <= 1_900 && parked > 1_000, `${parked}`)
  t.ok(direct > 1_900 && direct <= 2_000, `${direct}`)
})

/** Sends bytes, gives back all that comes until the other side closes. */
function raw(port: number, text: string, more?: { when: string; send: string }): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    let all = ''
    let asked = false
    socket.setEncoding('latin1')
    socket.on('data', chunk => {
      all += chunk
      if (more === undefined || asked || !all.includes(more.when)) return
      asked = true
      socket.write(more.send)
    })
    socket.on('close', () => resolve(all))
    socket.on('error', reject)
    socket.write(text)
  })
}

async function startSocketServer(
  t: { teardown(fn: () => unknown): void },
  listener: (socket: import('node:net').Socket) => void,
): Promise<number> {
  const sockets = new Set<import('node:net').Socket>()
  const server: Server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    listener(socket)
  })
  const port = await listen(server)
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return port
}

async function closedPort(): Promise<number> {
  const server = createServer()
  const port = await listen(server)
  await new Promise(resolve => server.close(resolve))
  return port
}
