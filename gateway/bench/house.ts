import type { IncomingMessage, ServerResponse } from 'node:http'
import { type ContractDocument, type Policy, policyOf } from '@portico/contracts'

/** What a measured route is: its method, where it lies, and what the gateway must know of it. */
export interface MeasuredRoute {
  readonly id: string
  readonly method: 'GET' | 'POST'
  readonly url: string
  readonly policy: Partial<Policy>
}

/** The contract of a replica under measurement, which also knows who a session is. */
export function contractOf(routes: readonly MeasuredRoute[]): ContractDocument {
  return {
    service: 'bench',
    version: '1.0.0',
    description: '',
    operations: routes.map(({ id, method, url, policy }) => ({
      id,
      method,
      url,
      summary: '',
      description: '',
      tags: [],
      consumes: 'application/json',
      produces: 'application/json',
      policy: policyOf(method, policy),
      schema: { response: {} },
      errors: [],
    })),
    events: [],
    broadcasts: [],
    listensTo: [],
    sessionExchange: {
      url: '/sessions',
      revokedSubject: 'broadcast.bench.revoked',
      beatSubject: 'broadcast.bench.beat',
      beatMs: 1_000,
    },
  }
}

/**
 * What the gateway asks a replica of its own accord: the contract, whether it is ready, who a session is, and to take
 * its spans.
 *
 * @returns whether it was one of these, and is answered
 */
export function answerGateway(request: IncomingMessage, response: ServerResponse, contract: ContractDocument): boolean {
  const { url } = request
  const answer = url === '/contract.json' ? contract : url === '/sessions' ? session() : null
  if (answer === null && url !== '/v1/traces' && url !== '/readyz') return false
  request.resume()
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer ?? {}))
  return true
}

const session = () => ({
  principal: { userId: 'u1', role: 'reader', sessionId: 's1', handle: 'reader', scopes: null },
  internalToken: 'x'.repeat(300),
  expiresAt: new Date(Date.now() + 60_000).toISOString(),
  sessionExpiresAt: new Date(Date.now() + 600_000).toISOString(),
})
