import { execFile, spawnSync } from 'node:child_process'
import { performance } from 'node:perf_hooks'
import { promisify } from 'node:util'
import { test } from 'tap'
import { request } from 'undici'
import { startGateway } from './support/gateway.ts'
import { bodyOf, json, stubReplica } from './support/stub-service.ts'

const installed = spawnSync('sh', ['-c', 'command -v slowhttptest']).status === 0
const connections = 300
const seconds = 5

/** What each mode of slowhttptest does, as its options. */
const modes = {
  'headers that never end': ['-H', '-i', '1'],
  'bodies that never end': ['-B', '-i', '1', '-s', '8192', '-t', 'POST'],
  'answers that are hardly read': ['-X', '-w', '1', '-y', '2', '-n', '1', '-z', '1'],
} as const

test('slow clients do not slow the others', { skip: installed ? false : 'slowhttptest is not installed' }, async t => {
  const replica = await stubReplica(t, {
    service: 'things',
    routes: [{ url: '/v1/things' }, { method: 'POST', url: '/v1/things', policy: { bodyLimitBytes: 100_000 } }],
    answer: async (incoming, response) => {
      await bodyOf(incoming)
      json(response, { text: 'x'.repeat(4_000) })
    },
  })
  const gateway = await startGateway(t, {
    UPSTREAMS: `things=${replica.address}`,
    RATE_LIMIT: 'off',
    HEADERS_TIMEOUT_MS: '2000',
    LOG_LEVEL: 'fatal',
  })
  const url = `${gateway.url}/v1/things`
  const before = await latencies(url, 2_000)
  for (const [name, options] of Object.entries(modes)) {
    const attack = promisify(execFile)('slowhttptest', [
      ...options,
      ...['-c', String(connections), '-r', String(connections), '-l', String(seconds), '-u', url],
    ])
    const during = await latencies(url, seconds * 1_000)
    t.match((await attack).stdout, /SLOW|slow/, `${name}: it was tried`)
    t.comment(`${name}: p99 ${before.p99Ms.toFixed(1)} ms before, ${during.p99Ms.toFixed(1)} ms during`)
    t.equal(during.failed, 0, `${name}: nobody else fails`)
    // The machine that runs this is busy with much else: a bound that only a real stall can break.
    t.ok(during.p99Ms < Math.max(1_000, before.p99Ms * 20), `${name}: nobody else waits`)
  }
})

/** Requests one after the other for a while: how long the slowest of a hundred took. */
async function latencies(url: string, forMs: number): Promise<{ p99Ms: number; failed: number }> {
  const took: number[] = []
  let failed = 0
  const untilMs = performance.now() + forMs
  while (performance.now() < untilMs) {
    const beganMs = performance.now()
    const { statusCode, body } = await request(url)
    await body.dump()
    took.push(performance.now() - beganMs)
    if (statusCode !== 200) failed += 1
  }
  took.sort((one, other) => one - other)
  return { p99Ms: took[Math.floor(took.length * 0.99)] ?? 0, failed }
}
