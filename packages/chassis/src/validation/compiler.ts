import { Ajv2020, type ErrorObject, type Options, type ValidateFunction } from 'ajv/dist/2020.js'
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
  const wholeBodies = createAjv({ allErrors: true })
  // Texts are short: Node takes 16 KiB of headers.
  const texts = createAjv({ allErrors: true, coerceTypes: 'array' })
  const queries = createAjv({ allErrors: true, coerceTypes: 'array', removeAdditional: true })

  app.setValidatorCompiler<object>(({ schema, httpPart }) => {
    if (httpPart === 'body') return explaining(bodies, wholeBodies, closed(schema))
    return (httpPart === 'querystring' ? queries : texts).compile(schema)
  })
}

/** A value with more parts than this is not searched for all its errors: a megabyte of them is half a million objects. */
const explainedParts = 1_000

/** Decides by the first error, and looks for the others only when somebody may want to read them. */
function explaining(first: Ajv2020, all: Ajv2020, schema: object): FastifyValidator {
  const decide = first.compile(schema)
  let explain: ValidateFunction | undefined
  const validator: FastifyValidator = value => {
    if (decide(value)) return true
    validator.errors = decide.errors ?? null
    if (countParts(value, explainedParts) <= explainedParts) {
      explain ??= all.compile(schema)
      if (!explain(value)) validator.errors = explain.errors ?? null
    }
    return false
  }
  return validator
}

interface FastifyValidator {
  (value: unknown): boolean
  errors?: ErrorObject[] | null
}

/** How many values a value is made of, itself included; no more than it takes to see that they are too many. */
function countParts(value: unknown, limit: number): number {
  const waiting = [value]
  let count = 0
  while (waiting.length > 0 && count <= limit) {
    count += 1
    const part = waiting.pop()
    if (typeof part !== 'object' || part === null) continue
    for (const inner of Object.values(part)) if (waiting.push(inner) > limit) return limit + 1
  }
  return count
}

function createAjv(options: Options): Ajv2020 {
  const ajv = new Ajv2020({
    useDefaults: true,
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
