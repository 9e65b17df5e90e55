import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Test } from 'tap'
import { request } from 'undici'
import { type RunningGateway, startGateway } from './gateway.ts'
import { bodyOf, json, type StubReplica, type StubRoute, stubReplica } from './stub-service.ts'

export type Answer = (request: IncomingMessage, response: ServerResponse, replica: number) => unknown

/** One thing that goes wrong in http-proxy left alone, and the test that it does not here. */
export interface Fact {
  readonly leftAlone: string
  /** The test's name. */
  readonly here: string
  /** Their urls begin with the service's own prefix, so that no fact's failures count against another's replicas. */
  readonly routes: readonly StubRoute[]
  /** One answer a replica; none: there are no replicas. */
  readonly replicas: readonly Answer[]
  check(t: Test, scene: Scene): Promise<unknown>
}

export interface Scene {
  readonly gateway: RunningGateway
  readonly url: string
  readonly port: number
  readonly replicas: readonly StubReplica[]
}

/** Runs each fact as a test of its own against one gateway process; each has a service to itself. */
export async function checkFacts(t: Test, facts: readonly Fact[], env: Record<string, string> = {}): Promise<void> {
  const services: StubReplica[][] = []
  for (const [index, { routes, replicas }] of facts.entries()) {
    const stubs = replicas.map((answer, number) =>
      stubReplica(t, {
        service: `fact${index}`,
        routes,
        answer: (incoming, response) => answer(incoming, response, number),
      }),
    )
    services.push(await Promise.all(stubs))
  }
  const upstreams = services.flat().map(({ document, address }) => `${document.service}=${address}`)
  const paths = facts.flatMap(({ routes }) => routes.map(({ url }) => url))
  const gateway = await startGateway(t, { UPSTREAMS: upstreams.join(), RATE_LIMIT: 'off', ...env }, url =>
    knowsAll(url, paths),
  )
  t.jobs = 4
  await Promise.all(
    facts.map(({ leftAlone, here, check }, index) =>
      t.test(`${here} (left alone: ${leftAlone})`, { buffered: true }, async t => {
        await check(t, { gateway, url: gateway.url, port: gateway.port, replicas: services[index] ?? [] })
      }),
    ),
  )
}

async function knowsAll(url: string, paths: readonly string[]): Promise<boolean> {
  const answer = await request(`${url}/openapi.json`)
  const { paths: known } = (await answer.body.json()) as { paths: Record<string, unknown> }
  return paths.every(path => path in known)
}

export interface Echo {
  headers: Record<string, string | undefined>
  rawHeaders: string[]
  url: string
  /** Base64: a body need not be a text. */
  body: string
}

/** Answers with what it got. */
export const echo: Answer = async (incoming, response) => {
  const body = await bodyOf(incoming)
  const { headers, rawHeaders, url } = incoming
  json(response, { headers, rawHeaders, url, body: body.toString('base64') })
}
