import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { contractPath } from '@portico/contracts'
import { eventually } from '@portico/testkit'
import { test } from 'tap'
import { request } from 'undici'
import { startGateway } from './support/gateway.ts'
import { selfSigned } from './support/self-signed.ts'
import { json, stubContract, stubReplica } from './support/stub-service.ts'

// What goes wrong between http-proxy left alone and its replicas, and what happens here. The rest of the facts is in
// http-proxy-facts.test.ts and http-proxy-sockets.test.ts.

const never = () => {}

test('the replica’s certificate is verified (left alone: it is not)', async t => {
  const { key, certificate } = selfSigned()
  const folder = await mkdtemp(join(tmpdir(), 'portico-tls-'))
  t.after(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'authority.pem'), certificate)
  const document = stubContract({ service: 'safe', routes: [{ url: '/v1/safe' }], answer: never })
  const replica = createServer({ key, cert: certificate }, (incoming, response) =>
    json(response, incoming.url === contractPath ? document : { safe: true }),
  )
  await new Promise<void>(resolve => replica.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    replica.closeAllConnections()
    replica.close()
  })
  let refusals = 0
  replica.on('tlsClientError', () => (refusals += 1))
  const env = { UPSTREAMS: `safe=https://127.0.0.1:${(replica.address() as AddressInfo).port}`, RATE_LIMIT: 'off' }

  const trusting = await startGateway(t, { ...env, NODE_EXTRA_CA_CERTS: join(folder, 'authority.pem') })
  const safe = await request(`${trusting.url}/v1/safe`)
  t.match(await safe.body.json(), { safe: true })
  t.equal(refusals, 0)

  // The same replica, and nobody who vouches for it.
  const strict = await startGateway(t, env, async url => refusals > 0 && (await isAlive(url)))
  const refused = await request(`${strict.url}/v1/safe`)
  t.equal(refused.statusCode, 404, 'not even its contract is believed')
  await refused.body.dump()
})

test('a route that appears while the gateway runs is served (left alone: Fastify takes none after it listens)', async t => {
  const replica = await stubReplica(t, {
    service: 'late',
    routes: [{ url: '/v1/late' }],
    answer: (_, response) => json(response, {}),
  })
  await replica.stop()
  const gateway = await startGateway(t, { UPSTREAMS: `late=${replica.address}`, RATE_LIMIT: 'off' }, isAlive)
  const status = async () => {
    const { statusCode, body } = await request(`${gateway.url}/v1/late`)
    await body.dump()
    return statusCode
  }
  t.equal(await status(), 404)
  await new Promise<void>(resolve => replica.server.listen(replica.port, '127.0.0.1', resolve))
  await eventually(async () => (await status()) === 200)
})

async function isAlive(url: string): Promise<boolean> {
  const { statusCode, body } = await request(`${url}/healthz`)
  await body.dump()
  return statusCode === 200
}
