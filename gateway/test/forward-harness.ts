import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { performance } from 'node:perf_hooks'
import { type Policy, ProblemError, policyOf } from '@portico/contracts'
import { silentTelemetry, type Telemetry } from '@portico/telemetry'
import { eventually as until } from '@portico/testkit'
import { createUpstream, type Upstream, type UpstreamOptions, upstreamDefaults } from '../src/balancing/upstream.ts'
import { createForwarder, type ForwarderOptions } from '../src/forward/forwarder.ts'
import type { ForwardEnd, Forwarder, ForwardTarget } from '../src/forward/target.ts'

// A forwarder between real sockets, without the edge: a bare HTTP server in front, replicas of the test's own behind.

interface TestContext {
  teardown(fn: () => unknown): void
}

export interface Front {
  readonly port: number
  readonly upstream: Upstream
  readonly forwarder: Forwarder
  /** How each request ended, oldest first. */
  readonly ends: ForwardEnd[]
  add(port: number, id?: string, more?: Partial<{ version: string; zone: string }>): void
}

export interface FrontOptions {
  policy?: Partial<Policy>
  target?: Partial<ForwardTarget>
  forwarder?: Partial<ForwarderOptions>
  upstream?: Partial<UpstreamOptions>
  telemetry?: Telemetry
}

const silent = silentTelemetry()
const always = () => true

export const upstreamOptions: UpstreamOptions = {
  ...upstreamDefaults,
  clock: () => performance.now(),
  random: Math.random,
  slowStartMs: 0,
}

export async function startFront(t: TestContext, options: FrontOptions = {}): Promise<Front> {
  const { telemetry = silent } = options
  const upstream = createUpstream('test', { ...upstreamOptions, ...options.upstream })
  const forwarder = createForwarder({ telemetry, ...options.forwarder })
  const ends: ForwardEnd[] = []
  const policies = new Map<string, Policy>()
  const policyFor = (method: string) => {
    const policy = policies.get(method) ?? policyOf(method, { bodyLimitBytes: 1_000_000, ...options.policy })
    policies.set(method, policy)
    return policy
  }
  const targetOf = (request: IncomingMessage): ForwardTarget => {
    const policy = policyFor(request.method ?? 'GET')
    return {
      upstream,
      supports: always,
      method: request.method ?? 'GET',
      path: request.url ?? '/',
      policy,
      headers: endToEnd(request),
      deadlineAtMs: performance.now() + policy.deadlineMs,
      explain: false,
      span: telemetry.tracer.startSpan('test'),
      onEnd: end => ends.push(end),
      ...options.target,
    }
  }
  const server = createServer((request, response) => void serve(request, response))
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    try {
      await forwarder.forward({ raw: request }, { raw: response, hijack: () => {} }, targetOf(request))
    } catch (error) {
      answerProblem(response, error)
    }
  }
  server.on('checkContinue', (request, response) => void serve(request, response))
  server.on('upgrade', (request, socket, head) => forwarder.upgrade(request, socket, head, targetOf(request)))
  const port = await listen(server)
  t.teardown(async () => {
    forwarder.close()
    await upstream.close()
    await stop(server)
  })
  const add: Front['add'] = (replicaPort, id = `test-${replicaPort}`, more = {}) => {
    upstream.put(foundAt(`http://127.0.0.1:${replicaPort}`, id, more))
  }
  return { port, upstream, forwarder, ends, add }
}

export function foundAt(
  address: string,
  id: string,
  more: Partial<{ version: string; zone: string; weight: number }> = {},
) {
  return {
    id,
    address,
    version: '1.0.0',
    contractDigest: '',
    startedAt: '',
    zone: '',
    weight: 1,
    draining: false,
    inFlight: 0,
    utilisation: 0,
    ...more,
  }
}

// The edge's work, as far as these tests need it.
const oneHop = new Set(['host', 'connection', 'keep-alive', 'expect', 'te', 'transfer-encoding', 'upgrade'])

function endToEnd({ headers }: IncomingMessage): string[] {
  return Object.entries(headers).flatMap(([name, value]) => (oneHop.has(name) ? [] : [name, String(value)]))
}

function answerProblem(response: ServerResponse, error: unknown): void {
  if (!(error instanceof ProblemError)) throw error
  if (response.destroyed) return
  response.writeHead(error.status, { 'content-type': 'application/problem+json', ...error.headers })
  response.end(JSON.stringify(error.toProblem()))
}

/** A replica in this process, answering as the test says. */
export async function startReplica(
  t: TestContext,
  listener: RequestListener,
): Promise<{ port: number; server: Server }> {
  const server = createServer({ keepAliveTimeout: 72_000 }, listener)
  const port = await listen(server)
  t.teardown(() => stop(server))
  return { port, server }
}

export function listen(server: Server | import('node:net').Server): Promise<number> {
  return new Promise(resolve => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}

function stop(server: Server): Promise<void> {
  return new Promise(resolve => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

/** Whether it becomes true in time. */
export function eventually(what: () => boolean, withinMs = 15_000): Promise<boolean> {
  return until(what, { withinMs, everyMs: 10 }).catch(() => false)
}
