import { readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import type { TestScope } from '@portico/testkit'
import { getResults, runTests } from 'http-cache-tests/client/runner.mjs'
import handleConfig from 'http-cache-tests/server/handle-config.mjs'
import handleState from 'http-cache-tests/server/handle-state.mjs'
import handleTest from 'http-cache-tests/server/handle-test.mjs'
import suites, { type CacheTest } from 'http-cache-tests/tests/index.mjs'
import { startGateway } from './gateway.ts'
import { stubReplica } from './stub-service.ts'

export type Kind = 'required' | 'optimal' | 'check'
export interface Verdict {
  readonly test: CacheTest
  readonly kind: Kind
  /** Alone, whatever the tests it builds upon say. */
  readonly passed: boolean
  readonly why: string
}

const handlers = { config: handleConfig, state: handleState, test: handleTest }

function answer(request: IncomingMessage, response: ServerResponse): void {
  const [, door = '', ...rest] = new URL(request.url ?? '', 'http://origin.test').pathname.split('/')
  const handler = Object.hasOwn(handlers, door) ? handlers[door as keyof typeof handlers] : null
  if (handler === null) response.writeHead(404).end()
  else handler(rest, request, response)
}

type Fetch = (url: string, init: unknown) => Promise<unknown>

/** The suite pauses for three seconds in most tests: all at once would be a burst that the gateway sheds. */
const atOnce = 110

/** Runs the public suite against a gateway in front of the suite's own origin, a listed service like any other. */
export async function runCacheSuite(t: TestScope): Promise<Verdict[]> {
  // No default age: what the suite's origin says is all there is.
  const cache = { maxAgeSeconds: 0, staleIfErrorSeconds: 60 }
  const origin = await stubReplica(t, {
    service: 'origin',
    routes: [
      { url: '/test/*', policy: { cache } },
      ...['POST', 'PUT', 'DELETE', 'M-SEARCH'].map(method => ({ method, url: '/test/*' })),
    ],
    answer,
  })
  const gateway = await startGateway(t, {
    UPSTREAMS: `origin=${origin.address}`,
    RATE_LIMIT: 'off',
    LOG_LEVEL: 'fatal',
  })
  // The suite is written for this client, whose `fetch` adds no fields of its own.
  const fetch: Fetch = createRequire(import.meta.resolve('http-cache-tests/tests/index.mjs'))('node-fetch')
  const behind = (url: string, init: unknown) =>
    fetch(/^\/(?:config|state)\//.test(new URL(url).pathname) ? url.replace(gateway.url, origin.address) : url, init)
  await runTests(suites, behind, false, gateway.url, atOnce)
  return verdictsOf(getResults())
}

export function verdictsOf(results: Readonly<Record<string, true | [string, string]>>): Verdict[] {
  const tests = suites.flatMap(({ tests }) => tests).filter(test => test.browser_only !== true)
  return tests.map(test => {
    const result = results[test.id]
    return {
      test,
      kind: test.kind ?? 'required',
      passed: result === true,
      why: Array.isArray(result) ? result.join(': ') : '',
    }
  })
}

/** The results that the suite publishes of other proxies. */
export async function publishedResults(proxy: string): Promise<Verdict[]> {
  const file = new URL(`../results/${proxy}.json`, import.meta.resolve('http-cache-tests/tests/index.mjs'))
  return verdictsOf(JSON.parse(await readFile(file, 'utf8')))
}

export const passedOf = (verdicts: readonly Verdict[], kind: Kind) =>
  verdicts.filter(verdict => verdict.kind === kind && verdict.passed).length
