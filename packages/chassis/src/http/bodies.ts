import { MalformedBody } from '@portico/contracts'
import type { FastifyInstance } from 'fastify'

/**
 * JSON and nothing else, unless a route brings a parser of its own. An empty body is no body whatever its Content-Type:
 * clients that always say `application/json` may DELETE. `__proto__` and `constructor.prototype` are refused.
 */
export function takeJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(['application/json'], { parseAs: 'string' }, (request, body, done) => {
    if (body.length === 0) return done(null, undefined)
    parse(request, body.toString(), (error, value) => {
      done(error ? MalformedBody({ detail: 'The body is not valid JSON.', cause: error }) : null, value)
    })
  })
}
