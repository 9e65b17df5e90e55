import { Ajv2020, type Options } from 'ajv/dist/2020.js'
import addFormats, { type FormatName } from 'ajv-formats'
import type { FastifyInstance } from 'fastify'
import { closed } from './strict.ts'

const formats: FormatName[] = [
  'uuid',
  'date-time',
  'date',
  'time',
  'email',
  'uri',
  'uri-reference',
  'hostname',
  'ipv4',
  'ipv6',
]

/**
 * Bodies are taken as they are: nothing is coerced, nothing removed, unknown fields are refused. What comes as text
 * (path, query, header fields) is coerced; unknown query fields are ignored. All of it is compiled before the service
 * listens: a schema that does not compile stops the start.
 */
export function validateBySchema(app: FastifyInstance): void {
  const bodies = createAjv({})
  const texts = createAjv({ coerceTypes: 'array' })
  const queries = createAjv({ coerceTypes: 'array', removeAdditional: true })

  app.setValidatorCompiler<object>(({ schema, httpPart }) => {
    if (httpPart === 'body') return bodies.compile(closed(schema) as object)
    return (httpPart === 'querystring' ? queries : texts).compile(schema)
  })
}

function createAjv(options: Options): Ajv2020 {
  const ajv = new Ajv2020({
    useDefaults: true,
    // Each field is named in the answer. What that may cost is bounded by the body's limit.
    allErrors: true,
    // Unknown keywords and formats stop the start; the finer lints of draft authors do not.
    strict: true,
    strictTypes: false,
    strictTuples: false,
    strictRequired: false,
    // The same object may stand in many routes.
    addUsedSchema: false,
    ...options,
  })
  addFormats.default(ajv, formats)
  return ajv
}
