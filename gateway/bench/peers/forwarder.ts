import { createServer } from 'node:http'
import { performance } from 'node:perf_hooks'
import { policyOf } from '@portico/contracts'
import { createTelemetry } from '@portico/telemetry'
import type { Strategy } from '../../src/balancing/balancer.ts'
import { createUpstream, upstreamDefaults } from '../../src/balancing/upstream.ts'
import { createForwarder } from '../../src/forward/forwarder.ts'

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
const policy = policyOf('GET', { access: 'public' })
const supports = () => true
const nobodyLeft = () => {}

createServer((request, response) => {
  forwarder
    .forward(
      { raw: request },
      { raw: response, hijack: nobodyLeft },
      {
        upstream,
        supports,
        method: request.method ?? 'GET',
        path: request.url ?? '/',
        policy,
        headers: ['host', request.headers.host ?? ''],
        deadlineAtMs: clock() + policy.deadlineMs,
        explain: false,
        span: telemetry.tracer.startSpan('request'),
      },
    )
    .catch(problem => response.writeHead(problem.status).end())
}).listen(Number(process.env.PORT), '127.0.0.1')
