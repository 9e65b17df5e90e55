import { internalHeaders, policyOf, roles } from '@portico/contracts'
import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import type { Supports } from '../balancing/upstream.ts'
import type { Exchanger } from '../discovery/directory.ts'
import type { Forwarder } from '../forward/target.ts'
import { unavailable } from './session.ts'
import type { AskExchange, Session } from './session-cache.ts'

const exchanged = Compile(
  Type.Object({
    principal: Type.Object({
      userId: Type.String(),
      role: Type.Enum([...roles]),
      sessionId: Type.String(),
      handle: Type.String(),
      scopes: Type.Union([Type.Array(Type.String()), Type.Null()]),
    }),
    internalToken: Type.String({ minLength: 1, pattern: '^[A-Za-z0-9._~+/=-]+$' }),
    expiresAt: Type.String(),
  }),
)

// Asking twice does no harm: an exchange changes nothing that matters.
const policy = policyOf('POST', { access: 'internal', repeatable: 'always', deadlineMs: 3_000, rateClass: 'none' })
const limitBytes = 16 * 1024
const everyReplica: Supports = () => true

/** Asks whichever service's contract offers the exchange, with the same balancing and retries as a client's request. */
export function createExchange({
  clock,
  forwarder,
  exchanger,
}: {
  clock: () => number
  forwarder: Forwarder
  exchanger: () => Exchanger | null
}): AskExchange {
  return async (token, visit) => {
    const offer = exchanger()
    if (offer === null) throw unavailable()
    const userAgent = visit.request.headers['user-agent']?.slice(0, 512)
    const body = Buffer.from(
      JSON.stringify({ token, address: visit.clientAddress, ...(userAgent === undefined ? {} : { userAgent }) }),
    )
    const answer = await forwarder
      .ask(
        {
          upstream: offer.upstream,
          supports: everyReplica,
          method: 'POST',
          path: offer.exchange.url,
          policy,
          headers: [
            'content-type',
            'application/json',
            'content-length',
            String(body.length),
            internalHeaders.requestId,
            visit.traceId,
          ],
          deadlineAtMs: clock() + policy.deadlineMs,
          explain: false,
          span: visit.span,
        },
        { body, limitBytes },
      )
      .catch(cause => {
        throw unavailable(cause)
      })
    if (answer.status === 401) return null
    if (answer.status !== 200) throw unavailable(new Error(`the exchange answers ${answer.status}`))
    return readSession(answer.body)
  }
}

function readSession(body: Buffer): Session {
  const value: unknown = JSON.parse(body.toString('utf8'))
  if (!exchanged.Check(value)) throw unavailable(new Error('the exchange answers with something else than a session'))
  const expiresAtMs = Date.parse(value.expiresAt)
  if (Number.isNaN(expiresAtMs)) throw unavailable(new Error('the exchange answers with a broken expiry'))
  return { principal: value.principal, internalToken: value.internalToken, expiresAtMs }
}
