import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { test } from 'tap'
import { readPlainHead } from './request-head.ts'

const limits = { headerBytes: 16_384, headerCount: 100 }
const plain = (...lines: string[]) => `${['GET /a HTTP/1.1', 'Host: a', ...lines].join('\r\n')}\r\n\r\n`

const read = [
  plain(),
  plain('Accept: */*', 'User-Agent: curl/8', 'Connection: keep-alive'),
  plain('connection: Keep-Alive', 'ACCEPT:x', 'Accept-Language:   en \t ', 'X-Empty:', 'X-Blank: \t '),
  plain('Cookie: a=b; c="d"', 'X-Bytes: caf\xe9 \x80\xff', 'X-Tab: a\tb', "X!#$%&'*+-.^_`|~0aZ: y"),
  plain('X-Colon: a: b:c', 'If-None-Match: "a", W/"b"', 'Authorization: Bearer abc', 'Range: bytes=0-1'),
  'HEAD / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n',
  'GET /a/b?c=d&e=%20?/"{}|^`[] HTTP/1.1\r\nHOST: a-b.example.com:65535\r\n\r\n',
  plain(...Array.from({ length: 99 }, (_, index) => `X-${index}: ${index}`)),
]

test('what is read is what Node reads', async t => {
  for (const text of read) {
    const seen = Promise.withResolvers<IncomingMessage>()
    const server = createServer({ maxHeaderSize: 16_384 }, (request, response) => {
      seen.resolve(request)
      response.end()
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    socket.end(text, 'latin1')
    const { method, url, headers, rawHeaders } = await seen.promise
    const head = readPlainHead(`${text}GET /next`, limits)
    t.same(
      head,
      {
        method,
        url,
        headers: { ...headers },
        rawHeaders: rawHeaders.map((part, index) => (index % 2 === 0 ? part.toLowerCase() : part)),
        bytes: text.length,
      },
      JSON.stringify(text.slice(0, 60)),
    )
    socket.destroy()
    server.close()
  }
})

const forNode: Record<string, string> = {
  nothing: '',
  'half a line': 'GET / HT',
  'a head that is not whole': 'GET / HTTP/1.1\r\nHost: a\r\n',
  'another method': 'POST / HTTP/1.1\r\nHost: a\r\n\r\n',
  'a method in small letters': 'get / HTTP/1.1\r\nHost: a\r\n\r\n',
  'another version': 'GET / HTTP/1.0\r\nHost: a\r\n\r\n',
  'a version of another name': 'GET / http/1.1\r\nHost: a\r\n\r\n',
  'HTTP/0.9': 'GET /\r\n\r\n',
  'a line before it': '\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n',
  'two spaces': 'GET  / HTTP/1.1\r\nHost: a\r\n\r\n',
  'a space behind the version': 'GET / HTTP/1.1 \r\nHost: a\r\n\r\n',
  'an absolute target': 'GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n',
  'a fragment': 'GET /#a HTTP/1.1\r\nHost: a\r\n\r\n',
  'a space in the target': 'GET /a b HTTP/1.1\r\nHost: a\r\n\r\n',
  'a byte above ASCII in the target': 'GET /\xe9 HTTP/1.1\r\nHost: a\r\n\r\n',
  'bare line feeds': 'GET / HTTP/1.1\nHost: a\n\n',
  'a bare line feed between fields': plain('X-A: b\nX-C: d'),
  'a bare carriage return': plain('X-A: b\rX-C: d'),
  NUL: plain('X-A: b\0'),
  'a control character': plain('X-A: b\x01'),
  DEL: plain('X-A: b\x7f'),
  'a line that goes on': plain('X-A: b', ' c'),
  'a line that goes on after a tab': plain('X-A: b', '\tc'),
  'a space before the colon': plain('X-A : b'),
  'no colon': plain('X-A'),
  'no name': plain(': b'),
  'a name with a bracket': plain('X(A): b'),
  'a name above ASCII': plain('X-\xe9: b'),
  'no host': 'GET / HTTP/1.1\r\nX-A: b\r\n\r\n',
  'two hosts': plain('Host: a'),
  'two hosts, one in capitals': plain('HOST: b'),
  'an empty host': 'GET / HTTP/1.1\r\nHost:\r\n\r\n',
  'a host with a path': 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n',
  'a host with a name': 'GET / HTTP/1.1\r\nHost: a@b\r\n\r\n',
  'a field twice': plain('X-A: b', 'x-a: c'),
  'a field that every object has': plain('constructor: b'),
  'a length': plain('Content-Length: 0'),
  'a coding': plain('Transfer-Encoding: chunked'),
  'an expectation': plain('Expect: 100-continue'),
  'another protocol': plain('Upgrade: websocket'),
  'trailers wanted': plain('TE: trailers'),
  'trailers announced': plain('Trailer: x'),
  'a connection to be closed': plain('Connection: close'),
  'a connection that names fields': plain('Connection: keep-alive, x-a', 'X-A: b'),
  'an odd connection': plain('Proxy-Connection: keep-alive'),
  'more fields than allowed': plain(...Array.from({ length: 100 }, (_, index) => `X-${index}: ${index}`)),
  'more bytes than allowed': plain(`X-A: ${'b'.repeat(16_384)}`),
}

test('whatever is not plain is left to Node', t => {
  for (const [name, text] of Object.entries(forNode)) t.equal(readPlainHead(text, limits), null, name)
  for (const text of read) {
    for (let length = 0; length < text.length; length += 1) {
      if (readPlainHead(text.slice(0, length), limits) !== null) t.fail(`${length} bytes of ${text} are taken for all`)
    }
  }
  t.end()
})

test('white space and colons without end are read in one go', t => {
  const hostile = ['X-A:'.padEnd(16_000, ' '), `X-A: ${'a '.repeat(8_000)}`, `X-A${':'.repeat(16_000)}`]
  const startedAt = process.cpuUsage()
  for (const line of hostile) for (let count = 0; count < 50; count += 1) readPlainHead(plain(line), limits)
  const { user, system } = process.cpuUsage(startedAt)
  t.ok(user + system < 2e6, `${Math.round((user + system) / 1_000)} ms of CPU`)
  t.end()
})
