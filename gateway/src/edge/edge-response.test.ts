import { once } from 'node:events'
import { createServer, type RequestListener, ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { type Test, test } from 'tap'
import { EdgeResponse, writeKeptHead } from './edge-response.ts'

const date = ['date', 'Thu, 26 Nov 2026 21:32:00 GMT']
const usual = ['content-type', 'text/plain', 'content-length', '5', ...date]

/** Everything that the server writes to these bytes, until it closes. */
async function answersOf(t: Test, handler: RequestListener, request: string, own: boolean): Promise<string> {
  const server = createServer({ keepAliveTimeout: 5_000, ServerResponse: own ? EdgeResponse : ServerResponse }, handler)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  let text = ''
  socket.on('data', bytes => {
    text += bytes.toString('latin1')
  })
  socket.end(request, 'latin1')
  await once(socket, 'close')
  server.close()
  // Where the handler gives none, both say the moment.
  return text.replace(/^Date: .*$/gm, 'Date: now')
}

const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const send = (status: number, fields: string[], body = 'hello'): RequestListener => {
  return (_request, response) => {
    response.writeHead(status, fields)
    response.end(body, 'latin1')
  }
}

const same: Record<string, [RequestListener, string]> = {
  'a usual answer': [send(200, usual), get],
  'twice on one connection': [send(200, usual), get + get],
  'a status without a name of its own': [send(299, usual), get],
  'an error': [send(503, ['retry-after', '1', ...usual]), get],
  'names in capitals': [send(200, ['Content-Type', 'text/plain', 'Content-Length', '5', ...date]), get],
  'bytes above ASCII, and tabs': [send(200, ['x-a', 'caf\xe9\t\x80\xff', ...usual]), get],
  'an empty value': [send(200, ['x-a', '', ...usual]), get],
  'one name twice': [send(200, ['link', '<a>', 'link', '<b>', ...usual]), get],
  'without a length': [send(200, ['content-type', 'text/plain', ...date]), get],
  'without a date': [send(200, ['content-length', '5']), get],
  'the connection closed on purpose': [send(200, [...usual, 'connection', 'close']), get + get],
  'the last by another way': [
    (_request, response) => {
      response.shouldKeepAlive = false
      response.writeHead(200, usual)
      response.end('hello')
    },
    get + get,
  ],
  'a client that closes': [send(200, usual), 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'],
  'HTTP/1.0': [send(200, usual), 'GET / HTTP/1.0\r\n\r\n'],
  'HTTP/1.0 that stays': [send(200, usual), 'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n'],
  HEAD: [send(200, usual), `HEAD / HTTP/1.1\r\nHost: a\r\n\r\n${get}`],
  '204': [send(204, date, ''), get + get],
  '304': [send(304, [...date, 'etag', '"a"'], ''), get + get],
  chunks: [send(200, [...date, 'transfer-encoding', 'chunked']), get + get],
  'a body in pieces': [
    (_request, response) => {
      response.writeHead(200, usual)
      response.write('hel')
      response.end('lo')
    },
    get + get,
  ],
  'a head before its body': [
    (_request, response) => {
      response.writeHead(200, usual)
      response.flushHeaders()
      setImmediate(() => response.end('hello'))
    },
    get,
  ],
}

test('the bytes are those that Node itself would write', async t => {
  for (const [name, [handler, request]] of Object.entries(same)) {
    const [nodes, ours] = [await answersOf(t, handler, request, false), await answersOf(t, handler, request, true)]
    t.match(nodes, /^HTTP\/1\.1 \d/, name)
    t.equal(ours, nodes, name)
  }
})

test('a kept head is the same as one that is written for the first time', async t => {
  const own = ['age', '3', 'x-request-id', 'abc']
  const kept: [string[], string[]][] = [
    [usual, own],
    [usual, []],
    [[...usual, 'connection', 'close'], own],
    [usual, [...own, 'X-Capital', '1']],
    [['content-type', 'text/plain'], own],
  ]
  for (const [same, more] of kept) {
    const whole = await answersOf(t, send(200, [...same, ...more]), get, false)
    const handler: RequestListener = (_request, response) => {
      writeKeptHead(response, 200, same, more)
      response.end('hello', 'latin1')
    }
    t.equal(await answersOf(t, handler, get, true), whole, 'the first time')
    t.equal(await answersOf(t, handler, get, true), whole, 'and again')
    t.equal(await answersOf(t, handler, get, false), whole, 'and by another class')
  }
})

test('a usual head takes the short way, and the response says of itself what it always says', async t => {
  let seen: unknown
  const handler: RequestListener = (_request, response) => {
    const { _storeHeader } = response as unknown as { _storeHeader: unknown }
    const own = Object.assign(response, {
      _storeHeader: () => t.fail('not through Node'),
    }) as ServerResponse
    t.type(_storeHeader, 'function', 'it is what Node builds a head with')
    own.writeHead(201, usual)
    seen = { sent: own.headersSent, status: own.statusCode, message: own.statusMessage }
    t.throws(() => own.writeHead(200, usual), { code: 'ERR_HTTP_HEADERS_SENT' })
    own.end('hello', 'latin1')
  }
  t.match(await answersOf(t, handler, get, true), 'HTTP/1.1 201 Created\r\n')
  t.same(seen, { sent: true, status: 201, message: 'Created' })
})

test('a service may announce trailers in answer to HEAD', async t => {
  const announced = send(200, [...date, 'trailer', 'x-sum', 'x-a', 'b'], '')
  const text = await answersOf(t, announced, get.replace('GET', 'HEAD'), true)
  t.match(text, /^HTTP\/1\.1 200 OK\r\n.*x-a: b/s)
  t.notMatch(text, 'x-sum')
})

test('no value ends its line', async t => {
  for (const bad of ['a\r\nset-cookie: b', 'a\n', 'a\0', 'a\u010a', 'a\x7f']) {
    const handler: RequestListener = (_request, response) => {
      t.throws(() => response.writeHead(200, ['x-a', bad, ...usual]), { code: 'ERR_INVALID_CHAR' })
      t.throws(() => response.writeHead(200, [`x-${bad}`, 'b', ...usual]), { code: 'ERR_INVALID_HTTP_TOKEN' })
      response.writeHead(200, usual)
      response.end('hello')
    }
    t.notMatch(await answersOf(t, handler, get, true), 'x-a')
  }
})
