import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { type ClientHttp2Session, connect, constants } from 'node:http2'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import t, { test } from 'tap'
import { Agent, request } from 'undici'
import { certificates } from './support/certificates.ts'
import { startGateway } from './support/gateway.ts'
import { load, sized } from './support/load.ts'
import { json, stubReplica } from './support/stub-service.ts'
import { logged, reloaded } from './support/workers.ts'

t.setTimeout(sized(600_000, 180_000))
const insecure = { rejectUnauthorized: false }

test('workers with TLS are replaced, and take over what the files hold', async t => {
  const folder = t.testdir({ 'cert.pem': certificates.one.certificate, 'key.pem': certificates.one.key })
  const replica = await stubReplica(t, {
    service: 'things',
    routes: [{ url: '/v1/things/:id' }],
    answer: (_incoming, response) => json(response, {}),
  })
  const dispatcher = new Agent({ connect: insecure })
  t.after(() => dispatcher.close())
  const gateway = await startGateway(
    t,
    {
      UPSTREAMS: `things=${replica.address}`,
      WORKERS: '2',
      TLS_CERTIFICATE_FILE: join(folder, 'cert.pem'),
      TLS_KEY_FILE: join(folder, 'key.pem'),
      PUBLIC_URL: 'https://localhost',
      DRAIN_MS: '300',
      RATE_LIMIT: 'off',
      LOG_LEVEL: 'info',
    },
    async url => {
      const { statusCode, body } = await request(`${url.replace('http:', 'https:')}/readyz`, { dispatcher })
      await body.dump()
      return statusCode === 200
    },
  )
  const url = gateway.url.replace('http:', 'https:')
  const write = (certificate: string, key: string) => {
    writeFileSync(join(folder, 'key.pem'), key)
    writeFileSync(join(folder, 'cert.pem'), certificate)
  }
  const names = async () => {
    const found = []
    for (let index = 0; index < 8; index += 1) found.push(await nameOf(gateway.port))
    return [...new Set(found)]
  }

  await t.test('a renewed certificate, under load over HTTP/1.1 and HTTP/2', async t => {
    t.same(await names(), ['one.test'])
    write(certificates.two.certificate, certificates.two.key)
    let done = false
    const until = () => done
    const reloading = reloaded(gateway).finally(() => {
      done = true
    })
    const requests = sized(20_000, 1_000)
    const [one, two] = await Promise.all([
      load(t, {
        url,
        requests,
        until,
        atOnce: 4,
        connect: insecure,
        ask: index => ({ method: 'GET', path: '/v1/things/1', reset: index % 10 === 0 }),
      }),
      loadOverHttp2(url, { requests, until, atOnce: 4 }),
    ])
    await reloading
    t.same(one.failures, {})
    t.same(two.failures, [])
    t.ok(two.sessions > 1, `${two.sessions} sessions`)
    t.same(await names(), ['two.test'])
  })

  await t.test('with a certificate that cannot be used the old ones stay, until another attempt', async t => {
    write('nonsense', 'nonsense')
    await logged(gateway, 'not reloaded: a new worker did not become ready, so the old ones go on')
    t.same(await names(), ['two.test'])
    write(certificates.one.certificate, certificates.one.key)
    await reloaded(gateway)
    t.same(await names(), ['one.test'])
  })
})

/** One session at a time; who hears that it ends begins another one. */
async function loadOverHttp2(
  url: string,
  { requests, until, atOnce }: { requests: number; until: () => boolean; atOnce: number },
) {
  const failures: string[] = []
  let session: ClientHttp2Session | undefined
  let sessions = 0
  let sent = 0
  function current(): ClientHttp2Session {
    if (session !== undefined && !session.closed && !session.destroyed) return session
    sessions += 1
    session = connect(url, insecure)
    // What a session's failure means for a request, its stream tells.
    session.on('error', () => {})
    return session
  }
  async function ask(): Promise<void> {
    const stream = current().request({ ':path': '/v1/things/1' })
    try {
      const [answer] = await once(stream, 'response')
      for await (const _part of stream);
      const status = answer[constants.HTTP2_HEADER_STATUS]
      if (status !== 200) failures.push(String(status))
    } catch (error) {
      // What is still to be written when the client reads GOAWAY it refuses itself, and may send it elsewhere as it is
      // (RFC 9113, section 8.7).
      if (stream.rstCode !== constants.NGHTTP2_REFUSED_STREAM) throw error
      await ask()
    }
  }
  async function client(): Promise<void> {
    while (sent < requests || !until()) {
      sent += 1
      await ask().catch(error => failures.push(String(error)))
    }
  }
  await Promise.all(Array.from({ length: atOnce }, client))
  session?.close()
  return { failures, sessions }
}

async function nameOf(port: number): Promise<string> {
  const socket = connectTls({ port, host: '127.0.0.1', ...insecure })
  await once(socket, 'secureConnect')
  const { subject } = socket.getPeerCertificate()
  socket.destroy()
  return String(subject.CN)
}
