// What is used of the public cache conformance suite, which has no types of its own.
declare module 'http-cache-tests/client/runner.mjs' {
  import type { CacheSuite } from 'http-cache-tests/tests/index.mjs'
  export function runTests(
    suites: readonly CacheSuite[],
    fetch: unknown,
    browserCache: boolean,
    baseUrl: string,
    atOnce: number,
  ): Promise<void>
  /** True: passed; else the kind of failure and what was wrong. */
  export function getResults(): Record<string, true | [kind: string, what: string]>
}
declare module 'http-cache-tests/tests/index.mjs' {
  export interface CacheTest {
    id: string
    name: string
    kind?: 'required' | 'optimal' | 'check'
    depends_on?: string[]
    browser_only?: boolean
  }
  export interface CacheSuite {
    id: string
    name: string
    tests: CacheTest[]
  }
  const suites: CacheSuite[]
  export default suites
}
declare module 'http-cache-tests/server/handle-config.mjs' {
  import type { IncomingMessage, ServerResponse } from 'node:http'
  export default function handle(path: string[], request: IncomingMessage, response: ServerResponse): void
}
declare module 'http-cache-tests/server/handle-state.mjs' {
  export { default } from 'http-cache-tests/server/handle-config.mjs'
}
declare module 'http-cache-tests/server/handle-test.mjs' {
  export { default } from 'http-cache-tests/server/handle-config.mjs'
}
