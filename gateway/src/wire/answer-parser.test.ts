import fc from 'fast-check'
import { test } from 'tap'
import { AnswerParser } from './answer-parser.ts'
import { WireError } from './call.ts'

/** What was told of an answer, its body as one text. */
interface Told {
  informed: { status: number; fields: string[] }[]
  status: number
  fields: string[]
  body: string
  trailers: string[] | null
  keepAliveMs: number | null
}

/** Parses the text given in pieces that end at `cuts`; `closed` tells that the replica said no more. */
function parse(text: string, { method = 'GET', cuts = [] as readonly number[], closed = false } = {}): Told {
  const told: Told = { informed: [], status: 0, fields: [], body: '', trailers: null, keepAliveMs: null }
  const parser = new AnswerParser({
    information: (status, fields) => told.informed.push({ status, fields }),
    head: (status, fields) => Object.assign(told, { status, fields }),
    data: (bytes, from, to) => {
      told.body += bytes.toString('latin1', from, to)
    },
    end: (trailers, keepAliveMs) => Object.assign(told, { trailers, keepAliveMs }),
  })
  parser.expect(method)
  // As a connection does it: each piece lies at the front of one buffer, old bytes behind it.
  const buffer = Buffer.alloc(text.length + 16, '\r\n\r\n0\r\n')
  let from = 0
  for (const to of [...new Set([...cuts, text.length])].sort((a, b) => a - b)) {
    const piece = text.slice(from, to)
    buffer.write(piece, 'latin1')
    parser.execute(buffer, piece.length)
    from = to
  }
  if (closed) parser.finish()
  return told
}

const everyCut = (text: string) => Array.from({ length: text.length - 1 }, (_, index) => index + 1)

const answers: Record<string, { text: string; method?: string; closed?: boolean; told: Partial<Told> }> = {
  'a length': {
    text: 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nKeep-Alive: timeout=72\r\n\r\nhello',
    told: { fields: ['content-type', 'text/plain', 'content-length', '5'], body: 'hello', keepAliveMs: 72_000 },
  },
  'no reason, blanks around a value, an empty one': {
    text: 'HTTP/1.1 204\r\nX-A: \t b c \t\r\nX-B:\r\n\r\n',
    told: { status: 204, fields: ['x-a', 'b c', 'x-b', ''], body: '', keepAliveMs: 0 },
  },
  'chunks, an extension, trailers': {
    text: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n3;a=b\r\none\r\n0A\r\n0123456789\r\n0\r\nX-Sum: 1\r\nContent-Length: 9\r\n\r\n',
    told: { fields: [], body: 'one0123456789', trailers: ['x-sum', '1'], keepAliveMs: 0 },
  },
  'until the connection closes': {
    text: 'HTTP/1.1 200 OK\r\nX-A: 1\r\n\r\nall the rest\r\n\r\n',
    closed: true,
    told: { body: 'all the rest\r\n\r\n', keepAliveMs: -1 },
  },
  'early hints, and a continue that nobody waits for': {
    text: 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
    told: { informed: [{ status: 103, fields: ['link', '</a>'] }], status: 200, body: '', keepAliveMs: 0 },
  },
  'to HEAD': {
    text: 'HTTP/1.1 200 OK\r\nContent-Length: 600\r\n\r\n',
    method: 'HEAD',
    told: { fields: ['content-length', '600'], body: '', keepAliveMs: 0 },
  },
  'to HEAD, of chunks': {
    text: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
    method: 'HEAD',
    told: { body: '', keepAliveMs: 0 },
  },
  'a connection that is used no more': {
    text: 'HTTP/1.1 200 OK\r\nConnection: x-hop, Close\r\nX-Hop: 1\r\nContent-Length: 1\r\n\r\na',
    told: { fields: ['content-length', '1'], body: 'a', keepAliveMs: -1 },
  },
  'HTTP/1.0': {
    text: 'HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na',
    told: { body: 'a', keepAliveMs: -1 },
  },
  'a 304 that speaks of a body': {
    text: 'HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n',
    told: { status: 304, body: '', keepAliveMs: -1 },
  },
  'fields of one hop, and obs-text': {
    text: 'HTTP/1.1 200 OK\r\nUpgrade: h2c\r\nProxy-Authenticate: Basic\r\nTE: a\r\nX-L: caf\xe9\r\nContent-Length: 0\r\n\r\n',
    told: { fields: ['x-l', 'caf\xe9', 'content-length', '0'] },
  },
}

for (const [name, { text, method = 'GET', closed = false, told }] of Object.entries(answers)) {
  test(`an answer with ${name}, in one piece, byte by byte, and cut at each place`, async t => {
    t.match(parse(text, { method, closed }), told)
    const whole = parse(text, { method, closed })
    t.strictSame(parse(text, { method, closed, cuts: everyCut(text) }), whole)
    for (const cut of everyCut(text)) t.strictSame(parse(text, { method, closed, cuts: [cut] }), whole)
  })
}

const ok = 'HTTP/1.1 200 OK\r\n'
const broken: Record<string, string> = {
  'another protocol': 'SSH-2.0-x\r\n\r\n',
  'another version': 'HTTP/2.0 200 OK\r\n\r\n',
  'a status of two digits': 'HTTP/1.1 20 OK\r\n\r\n',
  'a status behind 599': 'HTTP/1.1 600 What\r\n\r\n',
  'a change of protocol': 'HTTP/1.1 101 Switching\r\n\r\n',
  'a folded field': `${ok}X-A: 1\r\n more\r\n\r\n`,
  'a space before the colon': `${ok}X-A : 1\r\n\r\n`,
  'a bare LF': `${ok}X-A: 1\nX-B: 2\r\n\r\n`,
  'a bare CR': `${ok}X-A: 1\rX-B: 2\r\n\r\n`,
  'a NUL': `${ok}X-A: 1\0\r\n\r\n`,
  'a field without a name': `${ok}: 1\r\n\r\n`,
  'a field without a colon': `${ok}X-A\r\n\r\n`,
  'two lengths': `${ok}Content-Length: 1\r\nContent-Length: 1\r\n\r\na`,
  'a list of lengths': `${ok}Content-Length: 1, 1\r\n\r\na`,
  'a signed length': `${ok}Content-Length: +1\r\n\r\na`,
  'a length and chunks': `${ok}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  'another coding': `${ok}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
  'chunks twice': `${ok}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  'chunks of HTTP/1.0': 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'no size of a chunk': `${ok}Transfer-Encoding: chunked\r\n\r\n\r\n\r\n`,
  'a size in C': `${ok}Transfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n`,
  'a negative size': `${ok}Transfer-Encoding: chunked\r\n\r\n-1\r\n`,
  'a size of too many digits': `${ok}Transfer-Encoding: chunked\r\n\r\n${'f'.repeat(17)}\r\n`,
  'a chunk longer than it said': `${ok}Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n`,
  'a chunk ended by LF': `${ok}Transfer-Encoding: chunked\r\n\r\n1\na\r\n`,
  'an endless size': `${ok}Transfer-Encoding: chunked\r\n\r\n1;${'a'.repeat(5_000)}`,
  'a broken trailer': `${ok}Transfer-Encoding: chunked\r\n\r\n0\r\nX A: 1\r\n\r\n`,
  'endless trailers': `${ok}Transfer-Encoding: chunked\r\n\r\n0\r\n${`X-A: ${'a'.repeat(1_000)}\r\n`.repeat(20)}`,
  'an endless head': `${ok}X-A: ${'a'.repeat(70_000)}`,
  'a second answer': `${ok}Content-Length: 0\r\n\r\n${ok}Content-Length: 0\r\n\r\n`,
  'bytes behind the body': `${ok}Content-Length: 1\r\n\r\nab`,
}

for (const [name, text] of Object.entries(broken)) {
  test(`${name} is refused, in one piece and byte by byte`, async t => {
    const code = { name: 'WireError', code: 'BAD_ANSWER' }
    t.throws(() => parse(text), code)
    if (text.length < 10_000) t.throws(() => parse(text, { cuts: everyCut(text) }), code)
  })
}

test('an answer that breaks off is no answer', async t => {
  for (const text of [
    'HTTP/1.1 2',
    `${ok}Content-Length: 5\r\n\r\nhel`,
    `${ok}Transfer-Encoding: chunked\r\n\r\n5\r\nhello`,
  ]) {
    t.throws(() => parse(text, { closed: true }), { code: 'ANSWER_BROKE_OFF' })
  }
})

test('random bytes break nothing but themselves', async t => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map(list => Buffer.from(list).toString('latin1')),
    fc
      .array(
        fc.constantFrom(
          'HTTP/1.1 200 OK',
          '\r\n',
          '\r',
          '\n',
          ':',
          ' ',
          'content-length',
          '5',
          'transfer-encoding',
          'chunked',
          '0',
          '\0',
          'a',
        ),
      )
      .map(parts => parts.join('')),
  )
  const property = fc.property(bytes, fc.array(fc.nat(300)), fc.boolean(), (text, cuts, closed) => {
    const fitting = cuts.filter(cut => cut > 0 && cut < text.length)
    const outcome = (at: readonly number[]) => {
      try {
        return parse(text, { cuts: at, closed })
      } catch (error) {
        if (!(error instanceof WireError)) throw error
        return error.code
      }
    }
    const [whole, pieces] = [outcome([]), outcome(fitting)]
    // An error may be seen sooner or later, but whoever reads a whole answer reads the same one.
    if (typeof whole === 'string' || typeof pieces === 'string') return typeof whole === typeof pieces
    return JSON.stringify(whole) === JSON.stringify(pieces)
  })
  t.doesNotThrow(() => fc.assert(property, { numRuns: 2_000 }))
})
