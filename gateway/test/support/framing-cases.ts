/**
 * Requests that two readers could take for two different things, or that are none. `PATH` stands for a path of the case's
 * own. `passes`: one reading only, and the service gets it. `refused`: nothing may reach the service. `either`: what
 * must hold is only what holds for all: at most one request, and never the hidden one.
 */
export interface FramingCase {
  readonly name: string
  readonly bytes: string
  readonly expect: 'passes' | 'refused' | 'either'
  /** Of what passes; the body the service must have got. */
  readonly body?: string
}

const hidden = 'GET /v1/smuggled HTTP/1.1\r\nHost: x\r\n\r\n'
const post = (headers: string, body: string) =>
  `POST PATH HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${headers}\r\n${body}`
const get = (headers: string) => `GET PATH HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${headers}\r\n`

type Row = readonly [name: string, bytes: string, expect: FramingCase['expect'], body?: string]

const show = (text: string) => JSON.stringify(text)

function lengths(): Row[] {
  const right = ['5', '05', '0000000005', '5 ', ' 5', '\t5']
  const wrong = [
    '',
    '+5',
    '-5',
    '0x5',
    '5.0',
    '5e0',
    '5 5',
    '5,5',
    '5, 6',
    '5;5',
    '"5"',
    'five',
    '5\x00',
    '5\x0b',
    '５',
    '99999999999999999999',
    '18446744073709551621',
    '4294967301',
    '-0',
    '1_0',
    '5\r',
    ' ',
    ',5',
    '5,',
  ]
  return [
    ...right.map(
      value =>
        [`Content-Length: ${show(value)}`, post(`Content-Length:${value}\r\n`, 'hello'), 'passes', 'hello'] as const,
    ),
    ...wrong.map(
      value =>
        [`Content-Length: ${show(value)}`, post(`Content-Length: ${value}\r\n`, `hello${hidden}`), 'refused'] as const,
    ),
    ['two lengths, the same', post('Content-Length: 5\r\nContent-Length: 5\r\n', `hello${hidden}`), 'refused'],
    ['two lengths', post('Content-Length: 5\r\nContent-Length: 6\r\n', `hello${hidden}`), 'refused'],
    ['two lengths, one empty', post('Content-Length:\r\nContent-Length: 5\r\n', `hello${hidden}`), 'refused'],
    ['length zero and a body', post('Content-Length: 0\r\n', hidden), 'either'],
    ['no length and a body', post('', hidden), 'either'],
    ['a GET with a body', get('Content-Length: 5\r\n').concat('hello'), 'refused'],
    ['a GET with an empty body', get('Content-Length: 0\r\n'), 'passes', ''],
    ['a GET with a hidden request as its body', get(`Content-Length: ${hidden.length}\r\n`) + hidden, 'refused'],
    ['a name that is not quite it', post('Content_Length: 5\r\n', 'hello'), 'either'],
    ['a length that is too short', post('Content-Length: 3\r\n', `hel${hidden}`), 'either'],
  ]
}

function codings(): Row[] {
  const chunked = `5\r\nhello\r\n0\r\n\r\n`
  const smuggling = `0\r\n\r\n${hidden}`
  const right = ['chunked', 'Chunked', 'CHUNKED', ' chunked', '\tchunked', 'chunked ']
  const wrong = [
    '',
    'xchunked',
    'chunkedx',
    'chunk',
    'chunked, chunked',
    'gzip, chunked',
    'chunked, gzip',
    'identity',
    'identity, chunked',
    'chunked, identity',
    'chunked;q=1',
    '"chunked"',
    "'chunked'",
    'chunked\x0b',
    'chunked\x0c',
    '\x0bchunked',
    'chunked\x00',
    'ch\x00unked',
    'chunked,',
    ',chunked',
    'gzip',
    'deflate',
    'compress',
    'cow',
    'chunked\xa0',
    'chu\rnked',
    'x, chunked',
    'chunked;foo',
    'trailers',
  ]
  const fields = [
    'Transfer-Encoding : chunked',
    ' Transfer-Encoding: chunked',
    'Transfer-Encoding\t: chunked',
    'Transfer\x00-Encoding: chunked',
    'Transfer-Encoding\r\n: chunked',
    'Transfer-Encoding:\r\n chunked',
    'Transfer-Encoding: x\r\n chunked',
    'X: y\nTransfer-Encoding: chunked',
    'X: y\rTransfer-Encoding: chunked',
    'Transfer-Encoding: chunked\r\nTransfer-Encoding: x',
    'Transfer-Encoding: x\r\nTransfer-Encoding: chunked',
    'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked',
    'Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked',
    '\x00Transfer-Encoding: chunked',
    ':Transfer-Encoding: chunked',
    'Transfer-Encoding chunked',
    '"Transfer-Encoding": chunked',
    'Transfer Encoding: chunked',
  ]
  return [
    ...right.map(
      value =>
        [
          `Transfer-Encoding: ${show(value)}`,
          post(`Transfer-Encoding:${value}\r\n`, chunked),
          'passes',
          'hello',
        ] as const,
    ),
    ...wrong.map(
      value =>
        [`Transfer-Encoding: ${show(value)}`, post(`Transfer-Encoding: ${value}\r\n`, smuggling), 'refused'] as const,
    ),
    ...wrong.map(
      value =>
        [
          `Transfer-Encoding: ${show(value)} beside a length`,
          post(`Content-Length: ${smuggling.length}\r\nTransfer-Encoding: ${value}\r\n`, smuggling),
          'refused',
        ] as const,
    ),
    ...right.map(
      value =>
        [
          `both lengths, ${show(value)}`,
          post(`Content-Length: ${smuggling.length}\r\nTransfer-Encoding:${value}\r\n`, smuggling),
          'refused',
        ] as const,
    ),
    ...fields.map(
      field => [`${show(field)}`, post(`Content-Length: 5\r\n${field}\r\n`, `0\r\n\r\n${hidden}`), 'refused'] as const,
    ),
    [
      'Transfer_Encoding',
      post(`Content-Length: ${smuggling.length}\r\nTransfer_Encoding: chunked\r\n`, smuggling),
      'either',
    ],
    [
      'HTTP/1.0 with chunked',
      `POST PATH HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${smuggling}`,
      'refused',
    ],
    [
      'HTTP/1.0 with chunked, kept alive',
      `POST PATH HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n${smuggling}`,
      'refused',
    ],
    ['a GET with chunked', get('Transfer-Encoding: chunked\r\n') + smuggling, 'refused'],
  ]
}

function chunks(): Row[] {
  const head = 'Transfer-Encoding: chunked\r\n'
  const end = '0\r\n\r\n'
  const right: [string, string][] = [
    ['5\r\nhello\r\n0\r\n\r\n', 'hello'],
    ['05\r\nhello\r\n0\r\n\r\n', 'hello'],
    ['000005\r\nhello\r\n0\r\n\r\n', 'hello'],
    ['A\r\n0123456789\r\n0\r\n\r\n', '0123456789'],
    ['a\r\n0123456789\r\n0\r\n\r\n', '0123456789'],
    ['2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n', 'hello'],
    ['5;name=value\r\nhello\r\n0\r\n\r\n', 'hello'],
    ['5;name="va;lue"\r\nhello\r\n0\r\n\r\n', 'hello'],
    ['5\r\nhello\r\n0;last\r\n\r\n', 'hello'],
    ['5\r\nhello\r\n00000\r\n\r\n', 'hello'],
    ['5\r\nhello\r\n0\r\nX-Trailer: 1\r\n\r\n', 'hello'],
  ]
  const wrong = [
    `0x5\r\nhello\r\n${end}`,
    `-5\r\nhello\r\n${end}`,
    `+5\r\nhello\r\n${end}`,
    `5 5\r\nhello\r\n${end}`,
    `g\r\nhello\r\n${end}`,
    `\r\nhello\r\n${end}`,
    `5\r\nhelloX\r\n${end}`,
    `5\r\nhell\r\n${end}`,
    `5\nhello\n0\n\n`,
    `5\rhello\r\n${end}`,
    `ffffffffffffffffff\r\nhello\r\n${end}`,
    `fffffffffffffffff\r\nhello\r\n${end}`,
    `5\r\nhello${end}`,
    `5\r\nhello\n${end}`,
    `5\r\nhello\r${end}`,
    `"5"\r\nhello\r\n${end}`,
    `5\x00\r\nhello\r\n${end}`,
    `5;\x00\r\nhello\r\n${end}`,
    `5;a\nb\r\nhello\r\n${end}`,
    `5;a\rb\r\nhello\r\n${end}`,
    `5,\r\nhello\r\n${end}`,
    `0_5\r\nhello\r\n${end}`,
    `5\x0b\r\nhello\r\n${end}`,
    ` 5\r\nhello\r\n${end}`,
    `\t5\r\nhello\r\n${end}`,
    `5\r\nhello\r\n0\r\nBad Trailer: 1\r\n\r\n`,
    `5\r\nhello\r\n0\r\n: 1\r\n\r\n`,
    `５\r\nhello\r\n${end}`,
  ]
  // What was streamed before the break may have reached the service, which then sees its request break off.
  return [
    ...right.map(([body, read]) => [`chunks ${show(body)}`, post(head, body), 'passes', read] as const),
    ...wrong.map(body => [`chunks ${show(body)}`, post(head, body + hidden), 'either'] as const),
    [
      'a forbidden trailer',
      post(head, `5\r\nhello\r\n0\r\nContent-Length: 40\r\nTransfer-Encoding: chunked\r\nHost: y\r\n\r\n`),
      'either',
    ],
    ['no last chunk', post(head, '5\r\nhello\r\n'), 'either'],
  ]
}

function fields(): Row[] {
  const wrong = [
    'X : y',
    'X\t: y',
    ' X: y',
    '\tX: y',
    ': y',
    'X',
    'X\x00: y',
    'X: \x00',
    'X: a\x00b',
    'X: a\rb',
    'X: a\nb',
    'X: a\x07b',
    '(X): y',
    'X/: y',
    'X@: y',
    'X[]: y',
    'X{}: y',
    'X"Y": y',
    'X,Y: z',
    'X;Y: z',
    'X=Y: z',
    'X?Y: z',
    'X\\Y: z',
    'Xé: y',
    'X: y\r\n continued',
    'X: y\r\n\tcontinued',
    'X: y\r\n ',
    'X: y\r\n\r',
    'X:\r\n y',
    'X Y: z',
    '\x7f: y',
    'X: \x7f',
  ]
  const right = [
    'X: y',
    'X:y',
    'X:  y  ',
    'X: ',
    'X:',
    'X: é',
    'X-Y_Z.1: y',
    "!#$%&'*+-.^_`|~: y",
    'X: a, b',
    'X: "quoted"',
    'X: a\tb',
  ]
  return [
    ...wrong.map(field => [`field ${show(field)}`, get(`${field}\r\n`), 'refused'] as const),
    ...right.map(field => [`field ${show(field)}`, get(`${field}\r\n`), 'passes', ''] as const),
    ['line feeds only', `GET PATH HTTP/1.1\nHost: x\nConnection: close\n\n`, 'refused'],
    ['a line feed after the request line', `GET PATH HTTP/1.1\nHost: x\r\nConnection: close\r\n\r\n`, 'refused'],
    ['carriage returns only', `GET PATH HTTP/1.1\rHost: x\r\r`, 'refused'],
    ['a space before the first field', `GET PATH HTTP/1.1\r\n Host: x\r\n\r\n`, 'refused'],
    ['101 fields', get(Array.from({ length: 101 }, (_, index) => `X-${index}: y\r\n`).join('')), 'refused'],
    ['90 fields', get(Array.from({ length: 90 }, (_, index) => `X-${index}: y\r\n`).join('')), 'passes', ''],
    ['a field of 20 kB', get(`X: ${'y'.repeat(20_000)}\r\n`), 'refused'],
    ['a name of 20 kB', get(`${'X'.repeat(20_000)}: y\r\n`), 'refused'],
    ['a field of 8 kB', get(`X: ${'y'.repeat(8_000)}\r\n`), 'passes', ''],
    ['the gateway’s own fields', get('Portico-Client-Address: 6.6.6.6\r\nPortico-Deadline-Ms: 99\r\n'), 'passes', ''],
    [
      'fields nominated away',
      get('Connection: x-request, host, content-length, authorization\r\nX-Request: 1\r\n'),
      'passes',
      '',
    ],
  ]
}

function hosts(): Row[] {
  const line = 'GET PATH HTTP/1.1\r\nConnection: close\r\n'
  const wrong = [
    'Host: x\r\nHost: x',
    'Host: x\r\nHost: y',
    'Host: x\r\nhost: y',
    'Host: x y',
    'Host: x,y',
    'Host: user@x',
    'Host: x/y',
    'Host: x?y',
    'Host: x#y',
    'Host: x:port',
    'Host: x:123456',
    'Host: [::1',
    'Host: ::1',
    'Host: x\\y',
    'Host: http://x',
    'Host: x\x00',
    'Host: "x"',
    'Host: <x>',
    'Host : x',
    'Host: x:80:80',
    'Host: xé',
  ]
  const right = [
    'Host: x',
    'Host: x:80',
    'Host: [::1]',
    'Host: [::1]:80',
    'Host: EXAMPLE.org',
    'Host: 127.0.0.1:8080',
    'Host:x',
    'Host: x_y',
    'Host:',
    'Host: x:',
  ]
  return [
    ...wrong.map(host => [show(host), `${line}${host}\r\n\r\n`, host.includes(',') ? 'either' : 'refused'] as const),
    ...right.map(host => [show(host), `${line}${host}\r\n\r\n`, 'passes', ''] as const),
    ['no Host', `${line}\r\n`, 'refused'],
    ['HTTP/1.0 without Host', 'GET PATH HTTP/1.0\r\n\r\n', 'passes', ''],
    [
      'an absolute target of the same host',
      'GET http://xPATH HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
      'passes',
      '',
    ],
    ['an absolute target, https', 'GET HTTPS://XPATH HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 'passes', ''],
    [
      'an absolute target of another host',
      'GET http://yPATH HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
      'refused',
    ],
    [
      'an absolute target with a user',
      'GET http://u:p@xPATH HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
      'refused',
    ],
    ['an absolute target without host', 'GET http://PATH HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 'refused'],
    ['another scheme', 'GET ftp://xPATH HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 'refused'],
    ['a file', 'GET file:///etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 'refused'],
  ]
}

function targets(): Row[] {
  const wrong = [
    '/..',
    '/../',
    '/%2e%2e/',
    '/%2E%2E',
    '/.%2e/',
    '/./',
    '/.',
    '/%2e',
    '/%2f',
    '/%2F',
    '/%5c',
    '/%5C',
    '\\',
    '/\\..\\',
    '/%00',
    '/a%00b',
    '/%',
    '/%2',
    '/%zz',
    '/%g0',
    '/%c0%ae',
    '/%ff',
    '#fragment',
    '/a#b',
    '/\x7f',
    '/\x01',
    '/é',
    '/a\tb',
    `/${'a'.repeat(9_000)}`,
    '/%c0%af',
    '/%e0%80%af',
    '/..;/',
    '/%2e%2e%2f',
  ]
  const right = [
    '/a%20b',
    '/%E2%82%AC',
    '/a;b=c',
    '/a,b',
    '/a:b',
    '/a@b',
    "/a'b",
    '/...',
    '/..a',
    '/a..',
    '/.a',
    '?a=%00',
    '?a=/../',
    '?a=b?c',
    '?',
    '?a=%zz',
    '?a[]=1',
    '?a={1}',
    '/a|b',
    '/~a',
    '/a+b',
    '/%41',
  ]
  const notPaths = [
    '',
    '*',
    'PATHx'.slice(5),
    'v1/echo',
    '//PATH',
    '/\\evil',
    '//evil.example/v1',
    'http:',
    'http:/',
    '?',
    '@',
    'x:80',
  ]
  return [
    ...wrong.map(
      tail =>
        [
          `target ${show(tail.slice(0, 40))}`,
          `GET PATH${tail} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
          tail === '/..;/' ? 'either' : 'refused',
        ] as const,
    ),
    ...right.map(
      tail =>
        [
          `target ${show(tail)}`,
          `GET PATH${tail} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
          'passes',
          '',
        ] as const,
    ),
    ...notPaths.map(
      target =>
        [
          `target ${show(target)} alone`,
          `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
          'refused',
        ] as const,
    ),
  ]
}

function lines(): Row[] {
  const rest = '\r\nHost: x\r\nConnection: close\r\n\r\n'
  const wrong = [
    'GET PATH',
    'GET PATH HTTP',
    'GET PATH HTTP/',
    'GET PATH HTTP/1',
    'GET PATH HTTP/1.',
    'GET PATH HTTP/0.9',
    'GET PATH HTTP/1.2',
    'GET PATH HTTP/2.0',
    'GET PATH HTTP/2',
    'GET PATH HTTP/3.0',
    'GET PATH HTTP/9.9',
    'GET PATH http/1.1',
    'GET PATH HTTP/1.1x',
    'GET PATH HTTP/01.1',
    'GET PATH HTTP/1.01',
    'GET PATH HTTP/-1.1',
    'GET PATH HTTP /1.1',
    'GET PATH HTTP/1 .1',
    'GET PATH XTTP/1.1',
    'GET PATH ICE/1.0',
    'GET  HTTP/1.1',
    'GET\tPATH\tHTTP/1.1',
    'GET PATH\tHTTP/1.1',
    'GET PATH HTTP/1.1 HTTP/1.1',
    'GET PATH x HTTP/1.1',
    'get PATH HTTP/1.1',
    'Get PATH HTTP/1.1',
    'GETT PATH HTTP/1.1',
    'FOO PATH HTTP/1.1',
    ' GET PATH HTTP/1.1',
    '\tGET PATH HTTP/1.1',
    'GET\x00 PATH HTTP/1.1',
    'G\rET PATH HTTP/1.1',
    'PRI * HTTP/2.0',
    'CONNECT x:80 HTTP/1.1',
    'CONNECT PATH HTTP/1.1',
    'TRACE PATH HTTP/1.1',
    'PUT PATH HTTP/1.1',
    'DELETE PATH HTTP/1.1',
    'PATCH PATH HTTP/1.1',
    'PROPFIND PATH HTTP/1.1',
    'QUERY PATH HTTP/1.1',
    'M-SEARCH PATH HTTP/1.1',
    `${'G'.repeat(100)} PATH HTTP/1.1`,
    '\x16\x03\x01\x02\x00\x01\x00',
    'SSH-2.0-OpenSSH',
    '{"json":true}',
  ]
  return [
    ...wrong.map(line => [`line ${show(line)}`, `${line}${rest}`, 'refused'] as const),
    // Node's parser takes RTSP's name for HTTP's: the request is the same for everyone behind it.
    ['RTSP', `GET PATH RTSP/1.0${rest}`, 'either'],
    ['two spaces', `GET  PATH HTTP/1.1${rest}`, 'either'],
    ['a space at the end', `GET PATH HTTP/1.1 ${rest}`, 'either'],
    ['empty lines in front', `\r\n\r\nGET PATH HTTP/1.1${rest}`, 'passes', ''],
    ['HEAD', `HEAD PATH HTTP/1.1${rest}`, 'passes', ''],
    ['HTTP/1.0', `GET PATH HTTP/1.0${rest}`, 'passes', ''],
  ]
}

function expectations(): Row[] {
  const wrong = [
    'y 100-continue',
    '100-continue, y',
    '200-ok',
    'x',
    '100-continue; a=b',
    '"100-continue"',
    '100 continue',
    '',
    '100-continue 100-continue',
  ]
  return [
    ...wrong.map(
      value =>
        [
          `Expect: ${show(value)}`,
          post(`Content-Length: 5\r\nExpect: ${value}\r\n`, `hello${hidden}`),
          value === '' ? 'either' : 'refused',
        ] as const,
    ),
    ['Expect: 100-continue', post('Content-Length: 5\r\nExpect: 100-continue\r\n', 'hello'), 'passes', 'hello'],
    ['Expect: 100-CONTINUE', post('Content-Length: 5\r\nExpect: 100-CONTINUE\r\n', 'hello'), 'passes', 'hello'],
    [
      'upgrade to nothing known',
      get('Upgrade: foo\r\n').replace('Connection: close', 'Connection: upgrade, close'),
      'passes',
      '',
    ],
    [
      'h2c',
      get('Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n').replace(
        'close',
        'Upgrade, HTTP2-Settings, close',
      ),
      'passes',
      '',
    ],
  ]
}

export const framingCases: readonly FramingCase[] = [
  ...lengths(),
  ...codings(),
  ...chunks(),
  ...fields(),
  ...hosts(),
  ...targets(),
  ...lines(),
  ...expectations(),
].map(([name, bytes, expect, body]) => ({ name, bytes, expect, ...(body === undefined ? {} : { body }) }))
