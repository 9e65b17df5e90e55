import { test } from 'tap'
import type { Call } from './call.ts'
import { requestHead } from './request-head.ts'

const call = (more: Partial<Pick<Call, 'method' | 'path' | 'headers' | 'body'>>) =>
  ({ method: 'GET', path: '/', headers: [], body: null, ...more }) as Call

test('the head of a request', async t => {
  t.equal(
    requestHead(call({ path: '/a?b=%20', headers: ['x-a', '1', 'x-b', ''] }), 'replica:80'),
    'GET /a?b=%20 HTTP/1.1\r\nhost: replica:80\r\nx-a: 1\r\nx-b: \r\n\r\n',
  )
  t.match(requestHead(call({ method: 'POST', body: Buffer.from('caf\xe9') }), 'r'), /\r\ncontent-length: 5\r\n/)
  t.match(requestHead(call({ method: 'POST' }), 'r'), /\r\ncontent-length: 0\r\n/)
  t.notMatch(requestHead(call({ method: 'DELETE' }), 'r'), /content-length/)
})

test('framing is written here alone, whatever the fields say', async t => {
  const headers = ['content-length', '9', 'transfer-encoding', 'chunked', 'connection', 'close', 'host', 'evil']
  t.equal(requestHead(call({ headers }), 'r'), 'GET / HTTP/1.1\r\nhost: r\r\n\r\n')
})

test('what would become another request is no request', async t => {
  // U+010D and U+010A lose their high byte in latin1: CR and LF are left.
  for (const value of ['a\r\nx-b: 1', 'a\nb', 'a\rb', 'a\0', 'a\u010d\u010ax-b: 1', '\x7f', '\u4f60']) {
    t.throws(
      () => requestHead(call({ headers: ['x-a', value] }), 'r'),
      { code: 'BAD_REQUEST_FIELD' },
      JSON.stringify(value),
    )
  }
  for (const name of ['', 'x a', 'x:a', 'x\r\n', 'x\u010a', 'caf\xe9']) {
    t.throws(
      () => requestHead(call({ headers: [name, '1'] }), 'r'),
      { code: 'BAD_REQUEST_FIELD' },
      JSON.stringify(name),
    )
  }
  for (const path of ['', '/a b', '/a\r\n', '/\u010a', '/a\t']) {
    t.throws(() => requestHead(call({ path }), 'r'), { code: 'BAD_REQUEST_FIELD' }, JSON.stringify(path))
  }
  for (const method of ['', 'GET /', 'G\r\n']) {
    t.throws(() => requestHead(call({ method }), 'r'), { code: 'BAD_REQUEST_FIELD' }, JSON.stringify(method))
  }
})
