import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { type ClientHttp2Session, connect, constants } from 'node:http2'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { eventually } from '@portico/testkit'
import { test } from 'tap'
import { Agent, request } from 'undici'
import { certificates } from './support/certificates.ts'
import { startGateway } from './support/gateway.ts'
import { bodyOf, json, stubReplica } from './support/stub-service.ts'

test('TLS, HTTP/2 and a renewed certificate', async t => {
  const folder = t.testdir({ 'cert.pem': certificates.one.certificate, 'key.pem': certificates.one.key })
  const replica = await stubReplica(t, {
    service: 'things',
    routes: [{ url: '/v1/things/:id' }, { method: 'POST', url: '/v1/things', policy: { bodyLimitBytes: 1_000_000 } }],
    answer: async (incoming, response) => {
      const body = await bodyOf(incoming)
      json(response, { url: incoming.url, headers: incoming.headers, bytes: body.length })
    },
  })
  const insecure = new Agent({ connect: { rejectUnauthorized: false } })
  t.after(() => insecure.close())
  const gateway = await startGateway(
    t,
    {
      UPSTREAMS: `things=${replica.address}`,
      TLS_CERTIFICATE_FILE: join(folder, 'cert.pem'),
      TLS_KEY_FILE: join(folder, 'key.pem'),
      PUBLIC_URL: 'https://localhost',
    },
    async url => {
      const { statusCode, body } = await request(`${url.replace('http:', 'https:')}/readyz`, { dispatcher: insecure })
      await body.dump()
      return statusCode === 200
    },
  )
  const secure = gateway.url.replace('http:', 'https:')

  await t.test('HTTP/1.1 over TLS', async t => {
    const answer = await request(`${secure}/v1/things/1`, { dispatcher: insecure })
    t.match(await answer.body.json(), { headers: { 'x-forwarded-proto': 'https' } })
    t.match(answer.headers['strict-transport-security'], /max-age=\d+/)
  })

  const session = connect(secure, { rejectUnauthorized: false })
  t.after(() => session.close())
  await t.test('HTTP/2', async t => {
    const plain = await h2(session, { ':path': '/v1/things/2?a=b' })
    t.equal(plain.status, 200)
    t.match(plain.body, { url: '/v1/things/2?a=b', headers: { 'x-forwarded-host': `127.0.0.1:${gateway.port}` } })
    const many = await Promise.all(
      Array.from({ length: 50 }, (_, index) => h2(session, { ':path': `/v1/things/${index}` })),
    )
    t.ok(many.every(({ status }) => status === 200))
    const post = await h2(session, { ':method': 'POST', ':path': '/v1/things' }, Buffer.alloc(300_000))
    t.match(post, { status: 200, body: { bytes: 300_000 } })
    const large = await h2(session, { ':method': 'POST', ':path': '/v1/things' }, Buffer.alloc(1_000_001))
    t.match(large, { status: 413, body: { code: 'body_too_large' } })
    t.match(await h2(session, { ':path': '/v1/nothing' }), { status: 404, body: { code: 'route_not_found' } })
    t.match(await h2(session, { ':path': '/v1/things/%2e%2e' }), { status: 400, body: { code: 'bad_request' } })
    t.match(await h2(session, { ':path': '/v1/things/1' }), { status: 200 }, 'the session lives on')
  })

  await t.test('a renewed certificate is taken over without a restart', async t => {
    t.equal(await nameOf(gateway.port), 'one.test')
    writeFileSync(join(folder, 'key.pem'), certificates.two.key)
    writeFileSync(join(folder, 'cert.pem'), certificates.two.certificate)
    gateway.process.kill('SIGHUP')
    await eventually(async () => (await nameOf(gateway.port)) === 'two.test')
    t.match(await h2(session, { ':path': '/v1/things/1' }), { status: 200 }, 'open connections go on')
    writeFileSync(join(folder, 'cert.pem'), 'nonsense')
    gateway.process.kill('SIGHUP')
    await gateway.process.line(/the one before stays/)
    t.equal(await nameOf(gateway.port), 'two.test')
  })
})

async function h2(session: ClientHttp2Session, headers: Record<string, string>, body?: Buffer) {
  const stream = session.request(headers, { endStream: body === undefined })
  if (body !== undefined) stream.on('error', () => {}).end(body)
  const [answer] = await once(stream, 'response')
  const parts: Buffer[] = []
  for await (const part of stream) parts.push(part)
  return { status: answer[constants.HTTP2_HEADER_STATUS], body: JSON.parse(Buffer.concat(parts).toString()) }
}

async function nameOf(port: number): Promise<string> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const { subject } = socket.getPeerCertificate()
  socket.destroy()
  return String(subject.CN)
}
