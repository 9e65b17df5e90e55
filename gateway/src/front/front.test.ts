import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { type Test, test } from 'tap'
import { standBefore } from './front.ts'
import { FrontResponse } from './front-response.ts'

type Handler = (request: IncomingMessage, response: ServerResponse) => void

const limits = { headerBytes: 16_384, headerCount: 100, headersMs: 60_000, keepAliveMs: 72_000 }
const get = (url: string, ...lines: string[]) => `${[`GET ${url} HTTP/1.1`, 'Host: a', ...lines].join('\r\n')}\r\n\r\n`
const ok = { status: 200, fields: ['content-type', 'text/plain', 'date', 'Thu, 26 Nov 2026 21:32:00 GMT'] }

/** A server whose handler answers all, and before it the front, which leaves `/node` to it. */
async function start(t: Test, handler: Handler, more: Partial<typeof limits> & { leastBytesPerSecond?: number } = {}) {
  const byFront: string[] = []
  const server = createServer({ keepAliveTimeout: 72_000, requireHostHeader: false }, handler)
  standBefore(server, {
    limits: { ...limits, ...more },
    find: ({ url }) => (url.startsWith('/node') ? null : url),
    serve(url, request, response) {
      byFront.push(url)
      handler(request as unknown as IncomingMessage, response as unknown as ServerResponse)
    },
    refuseSilence: socket => socket.end('silence'),
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    for (const socket of opened) socket.destroy()
    server.close()
  })
  const opened: Socket[] = []
  const { port } = server.address() as AddressInfo
  return {
    server,
    byFront,
    /** A client that remembers what it hears. */
    async client() {
      const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
      opened.push(socket)
      socket.on('error', () => {})
      const heard = { text: '' }
      socket.on('data', bytes => {
        heard.text += bytes.toString('latin1')
      })
      await once(socket, 'connect')
      return { socket, heard, say: (text: string) => socket.write(text, 'latin1') }
    },
  }
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition() && tries < 1_000; tries += 1) await pause(5)
  if (!condition()) throw new Error('it did not come to that')
}

/** What both ways are to do alike. */
const handlers: Record<string, Handler> = {
  'a text of known length': (_request, response) => {
    response.writeHead(200, [...ok.fields, 'content-length', '5'])
    response.end('hello', 'latin1')
  },
  'bytes of known length': (_request, response) => {
    response.writeHead(200, [...ok.fields, 'content-length', '5'])
    response.end(Buffer.from('hello'))
  },
  'pieces of known length': (_request, response) => {
    response.writeHead(200, [...ok.fields, 'content-length', '5'])
    response.write('hel')
    setImmediate(() => response.end('lo'))
  },
  'pieces without a length': (_request, response) => {
    response.writeHead(200, ok.fields)
    response.write(Buffer.from('hel'))
    setImmediate(() => response.end(Buffer.from('lo')))
  },
  'nothing without a length': (_request, response) => {
    response.writeHead(200, ok.fields)
    response.end()
  },
  'a head first': (_request, response) => {
    response.writeHead(200, [...ok.fields, 'content-length', '5'])
    response.flushHeaders()
    setImmediate(() => response.end('hello', 'latin1'))
  },
  trailers: (_request, response) => {
    response.writeHead(200, [...ok.fields, 'trailer', 'x-sum'])
    response.write('hello')
    response.addTrailers([['X-Sum', 'abc']])
    response.end()
  },
  'early hints': (_request, response) => {
    response.writeInformation(103, ['link', '</a.css>; rel=preload'])
    response.writeHead(200, [...ok.fields, 'content-length', '0'])
    response.end()
  },
  'no content': (_request, response) => {
    response.writeHead(204, ok.fields)
    response.end()
  },
  'not modified': (_request, response) => {
    response.writeHead(304, [...ok.fields, 'etag', '"a"'])
    response.end()
  },
  'a stream piped in': (_request, response) => {
    response.writeHead(200, ok.fields)
    Readable.from([Buffer.from('hello')]).pipe(response)
  },
  'the last one': (_request, response) => {
    response.writeHead(503, [...ok.fields, 'content-length', '2', 'connection', 'close'])
    response.end('no')
  },
}

test('answers are those of Node’s own server', async t => {
  for (const [name, handler] of Object.entries(handlers)) {
    for (const method of ['GET', 'HEAD']) {
      // Node's own refuses to announce trailers where no body follows.
      if (method === 'HEAD' && name === 'trailers') continue
      const texts: string[] = []
      for (const url of ['/node', '/here']) {
        const { client, byFront } = await start(t, handler)
        const { heard, socket, say } = await client()
        // The second shows where the first one ends.
        const request = get(url).replace('GET', method)
        say(request)
        await until(() => heard.text.includes('\r\n\r\n'))
        say(request)
        await until(
          () => socket.readableEnded || heard.text.split('HTTP/1.1 ').length > (name === 'early hints' ? 4 : 2),
        )
        await pause(20)
        texts.push(heard.text.toLowerCase())
        t.equal(byFront.length > 0, url === '/here')
      }
      t.match(texts[0], 'http/1.1 ')
      t.equal(texts[1], texts[0], `${method}: ${name}`)
    }
  }
})

test('a value that would end its line is refused, and so is a second head', async t => {
  const { client } = await start(t, (_request, response) => {
    for (const bad of ['a\r\nb: c', 'a\0', 'a\u010a']) t.throws(() => response.writeHead(200, ['x-a', bad]))
    t.throws(() => response.writeInformation(103, ['x-a', 'a\n']))
    response.writeHead(200, ['content-length', '0'])
    t.throws(() => response.writeHead(200, []), { code: 'ERR_HTTP_HEADERS_SENT' })
    response.end()
  })
  const { heard, say } = await client()
  say(get('/here'))
  await until(() => heard.text.includes('content-length: 0'))
  t.notMatch(heard.text, 'x-a')
})

test('requests that come together are answered in order, by whoever they are for', async t => {
  const { client, byFront } = await start(t, (request, response) => {
    // The first ones take longest.
    const { url = '' } = request
    setTimeout(() => response.end(`<${url}>`), url.endsWith('0') ? 30 : 0)
  })
  const { heard, say } = await client()
  const urls = [...Array.from({ length: 40 }, (_, index) => `/here/${index}`), '/node/0', '/here/after']
  say(urls.map(url => get(url)).join(''))
  await until(() => heard.text.includes('</here/after>'))
  t.same(
    [...heard.text.matchAll(/<(.*?)>/g)].map(([, url]) => url),
    urls,
  )
  t.equal(byFront.length, 40, 'from the first one that is not for us, Node has the connection')
})

test('a request that comes in two pieces is Node’s, whichever way it is cut', async t => {
  const { client, byFront } = await start(t, (request, response) => response.end(`<${request.url}>`))
  const text = get('/here', 'X-A: b')
  for (const at of [1, 4, 10, 14, 20, text.length - 3, text.length - 1]) {
    const { heard, say } = await client()
    say(text.slice(0, at))
    await pause(10)
    say(text.slice(at))
    await until(() => heard.text.includes('</here>'))
  }
  t.same(byFront, [])
})

test('a body is Node’s to read, also behind plain requests', async t => {
  const { client, byFront } = await start(t, async (request, response) => {
    let body = ''
    if (!(response instanceof FrontResponse)) for await (const chunk of request) body += chunk
    response.end(`<${request.url} ${body}>`)
  })
  const { heard, say } = await client()
  say(get('/here'))
  await until(() => heard.text.includes('</here >'))
  say(`POST /post HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello${get('/here/again')}`)
  await until(() => heard.text.includes('</here/again >'))
  t.match(heard.text, '</post hello>')
  t.same(byFront, ['/here'])
})

test('a client that reads slowly is written to no faster, and does not fill the memory', async t => {
  const megabytes = 16
  let written = 0
  let stopped = 0
  const { client } = await start(t, (_request, response) => {
    response.writeHead(200, ['content-length', String(megabytes * 1_048_576)])
    const go = () => {
      while (written < megabytes) {
        written += 1
        if (written === megabytes) response.end(Buffer.alloc(1_048_576))
        else if (!response.write(Buffer.alloc(1_048_576))) {
          stopped += 1
          response.once('drain', go)
          return
        }
      }
    }
    go()
  })
  const { socket, heard, say } = await client()
  socket.pause()
  say(get('/here'))
  await pause(100)
  t.ok(written < megabytes, `${written} MiB are under way`)
  socket.resume()
  await until(() => heard.text.length >= megabytes * 1_048_576)
  t.ok(stopped > 1)
})

test('who leaves is noticed: before the answer, in the middle of it, and with requests still to come', async t => {
  const left: string[] = []
  const { client } = await start(t, (request, response) => {
    response.on('close', () => left.push(`${request.url} ${response.writableFinished} ${response.destroyed}`))
    if (request.url === '/half') response.writeHead(200, ['content-length', '100']).write('half')
    if (request.url === '/whole') response.end('whole')
  })
  for (const url of ['/none', '/half']) {
    const { socket, say } = await client()
    say(get(url) + get('/never'))
    await pause(20)
    socket.destroy()
    await until(() => left.some(text => text.startsWith(url)))
  }
  const { socket, say } = await client()
  say(get('/whole'))
  await until(() => left.length === 3)
  socket.destroy()
  t.same(left, ['/none false true', '/half false true', '/whole true false'])
})

test('who sends nothing more has the answer that is whole, and is left otherwise', async t => {
  const bytes = 8_000_000
  const left = Promise.withResolvers<boolean>()
  const { client } = await start(t, (request, response) => {
    if (request.url === '/whole') response.end(Buffer.alloc(bytes, 'x'))
    else response.on('close', () => left.resolve(response.writableFinished))
  })
  const [whole, none] = [await client(), await client()]
  whole.socket.pause()
  whole.socket.end(get('/whole'))
  await pause(50)
  whole.socket.resume()
  await once(whole.socket, 'end')
  t.ok(whole.heard.text.length > bytes, `${whole.heard.text.length} bytes`)
  none.socket.end(get('/none'))
  t.notOk(await left.promise)
  const many = await client()
  many.socket.end(get('/whole').repeat(3) + get('/node'))
  await once(many.socket, 'end')
  t.equal(many.heard.text.split('HTTP/1.1 200').length - 1, 3)
})

test('half an answer ends with its connection', async t => {
  const { client } = await start(t, (_request, response) => {
    response.writeHead(200, [])
    response.write('half')
    setImmediate(() => response.destroy())
  })
  const { socket, heard, say } = await client()
  say(get('/here'))
  await once(socket, 'end')
  t.match(heard.text, 'half')
  t.notMatch(heard.text, '\r\n0\r\n')
})

test('who does not take an answer that is whole is not waited for', async t => {
  const left = Promise.withResolvers<boolean>()
  const { client } = await start(
    t,
    (_request, response) => {
      response.on('close', () => left.resolve(response.writableFinished))
      response.writeHead(200, ['content-length', '8000000'])
      // More than the kernel takes, and little enough for a patience of seconds.
      const written = response.write(Buffer.alloc(7_990_000))
      t.notOk(written)
      response.end(Buffer.alloc(10_000))
    },
    { keepAliveMs: 1_000, leastBytesPerSecond: 8_000_000 },
  )
  const { socket, say } = await client()
  socket.pause()
  say(get('/here'))
  t.notOk(await left.promise)
})

test('silence and idleness end; who waits for an answer stays', async t => {
  const { client } = await start(
    t,
    (request, response) => {
      if (request.url === '/slow') setTimeout(() => response.end('late'), 4_500)
      else response.end('soon')
    },
    { headersMs: 1_000, keepAliveMs: 2_000 },
  )
  const [silent, idle, slow] = [await client(), await client(), await client()]
  idle.say(get('/soon'))
  slow.say(get('/slow'))
  await Promise.all([once(silent.socket, 'end'), once(idle.socket, 'end')])
  t.equal(silent.heard.text, 'silence')
  t.match(idle.heard.text, 'soon')
  await until(() => slow.heard.text.includes('late'))
})

test('closing takes idle connections at once and lets answers end', async t => {
  let finish = () => {}
  const { server, client } = await start(t, (request, response) => {
    if (request.url !== '/slow') response.end('soon')
    else {
      finish = () => {
        response.shouldKeepAlive = false
        response.end('late')
      }
    }
  })
  const [idle, slow] = [await client(), await client()]
  idle.say(get('/soon'))
  slow.say(get('/slow'))
  await until(() => idle.heard.text.includes('soon'))
  await pause(20)
  const closed = once(server.close(), 'close')
  await once(idle.socket, 'end')
  t.equal(slow.heard.text, '')
  finish()
  await closed
  await until(() => slow.heard.text.includes('late'))
  t.match(slow.heard.text, 'Connection: close')
})
