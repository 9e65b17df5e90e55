import { createServer, type IncomingMessage } from 'node:http'
import { performance } from 'node:perf_hooks'
import { policyOf } from '@portico/contracts'
import { createTelemetry } from '@portico/telemetry'
import type { Strategy } from '../../src/balancing/balancer.ts'
import { createUpstream, upstreamDefaults } from '../../src/balancing/upstream.ts'
import { createForwarder } from '../../src/forward/forwarder.ts'
import type { ForwardTarget } from '../../src/forward/target.ts'

// Our forwarder and balancer without the edge: what of the gateway's cost is theirs.
const clock = () => performance.now()
const strategy = (process.env.STRATEGY ?? 'peak-ewma') as Strategy
const upstream = createUpstream('bench', { ...upstreamDefaults, strategy, clock, random: Math.random, slowStartMs: 0 })
for (const [index, address] of (process.env.UPSTREAMS ?? '').split(',').entries()) {
  upstream.put({
    id: `bench-${index}`,
    address,
    version: '1',
    contractDigest: '',
    startedAt: '',
    zone: '',
    weight: 1,
    draining: false,
    inFlight: 0,
    utilisation: 0,
  })
}
const telemetry = createTelemetry({
  service: 'bench',
  instance: 'bench-1',
  version: '1',
  sampleRatio: 0.1,
  logLevel: 'silent',
})
const forwarder = createForwarder({ telemetry, clock })
const policies = {
  message: policyOf('GET', { access: 'public' }),
  stream: policyOf('POST', { flow: 'stream', bodyLimitBytes: 2 ** 40, deadlineMs: 600_000 }),
  events: policyOf('GET', { flow: 'events' }),
}
const supports = () => true
const nobodyLeft = () => {}

function targetOf({ method = 'GET', url = '/', headers }: IncomingMessage): ForwardTarget {
  const flow = url.startsWith('/v1/bytes') ? 'stream' : url.startsWith('/v1/events') ? 'events' : 'message'
  const policy = policies[flow]
  const fields = ['host', headers.host ?? '']
  if (headers['content-length'] !== undefined) fields.push('content-length', headers['content-length'])
  return {
    upstream,
    supports,
    method,
    path: url,
    policy,
    headers: fields,
    deadlineAtMs: clock() + policy.deadlineMs,
    explain: false,
    span: telemetry.tracer.startSpan('request'),
  }
}

const server = createServer({ requestTimeout: 0 }, (request, response) => {
  forwarder
    .forward({ raw: request }, { raw: response, hijack: nobodyLeft }, targetOf(request))
    .catch(problem => response.writeHead(problem.status, { ...problem.headers, 'content-length': 0 }).end())
})
server.on('upgrade', (request, socket, head) => forwarder.upgrade(request, socket, head, targetOf(request)))
server.listen(Number(process.env.PORT), '127.0.0.1', 4_096)
