import { Forbidden, internalHeaders, NotSignedIn, type OperationSummary } from '@portico/contracts'
import { InvalidInternalToken, mayCall, type Principal, type Verifier } from '@portico/identity'
import type { FastifyInstance, FastifyRequest } from 'fastify'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Set by spreading an operation into the route. */
    operation?: OperationSummary
  }
}

/** RFC 9110, 11.6.1: a 401 says how one signs in. */
const challenge = { 'www-authenticate': 'Bearer realm="portico"' }

/**
 * Verifies the internal token and keeps to each route's policy, before the body is read. The gateway has asked the same:
 * a service that only trusts it falls with it. `internal` operations are answered to whoever reaches the service: the
 * gateway does not route to them.
 */
export function keepAccess(app: FastifyInstance, verifier: Verifier): void {
  app.decorateRequest('principal', null)
  app.decorateRequest('requirePrincipal', function requirePrincipal(this: FastifyRequest): Principal {
    if (this.principal === null) throw NotSignedIn({ headers: challenge })
    return this.principal
  })

  app.addHook('onRequest', (request, _reply, done) => {
    const token = bearerOf(request)
    if (token === undefined) return done(refusal(request))
    verifier.verify(token).then(
      principal => {
        request.principal = principal
        done(refusal(request))
      },
      cause => done(cause instanceof InvalidInternalToken ? NotSignedIn({ headers: challenge, cause }) : cause),
    )
  })
}

function bearerOf({ headers }: FastifyRequest): string | undefined {
  const field = headers[internalHeaders.authorization]
  if (field === undefined) return undefined
  // Another scheme is as wrong as a bad token: an empty one fails its check.
  return /^bearer /i.test(field) ? field.slice('bearer '.length).trim() : ''
}

function refusal({ routeOptions, principal }: FastifyRequest): Error | undefined {
  const access = routeOptions.config.operation?.policy.access
  if (access === undefined || access === 'internal') return undefined
  const verdict = mayCall(access, principal)
  if (verdict === 'yes') return undefined
  return verdict === 'sign-in' ? NotSignedIn({ headers: challenge }) : Forbidden()
}
