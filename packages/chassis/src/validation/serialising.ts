import type { FastifyInstance } from 'fastify'

/**
 * Answers are serialised by code made from the contract's schemas: fast, and nothing leaves that the contract does not
 * name. For `X | null` that code would ask a validator at each value which of the two it has; said as `nullable` it just
 * looks. The published schema is not touched.
 */
export function serialiseBySchema(app: FastifyInstance): void {
  app.addHook('onRoute', route => {
    const response = route.schema?.response
    if (!isObject(response)) return
    const simplified = Object.entries(response).map(([status, schema]) => [status, simplify(schema)])
    route.schema = { ...route.schema, response: Object.fromEntries(simplified) }
  })
}

/** The same schema in the words that fast-json-stringify knows a short way for. */
export function simplify(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(simplify)
  if (!isObject(schema)) return schema
  const { $id: _, ...copy } = mapValues(schema, (value, keyword) => (isLiteral(keyword) ? value : simplify(value)))
  const only = onlyNullable(copy)
  if (only) return { ...only, nullable: true }
  // Type.Enum says only the values; without a type each is asked for its own.
  if (Array.isArray(copy.enum) && copy.enum.every(value => typeof value === 'string')) {
    return { type: 'string', ...copy }
  }
  return copy
}

/** X of `anyOf: [X, null]`. */
function onlyNullable({ anyOf }: Record<string, unknown>): Record<string, unknown> | undefined {
  if (!Array.isArray(anyOf) || anyOf.length !== 2) return undefined
  const [first, second] = anyOf
  if (!isObject(first) || !isObject(second) || second.type !== 'null') return undefined
  return typeof first.type === 'string' && first.type !== 'null' ? first : undefined
}

function mapValues(object: Record<string, unknown>, change: (value: unknown, name: string) => unknown) {
  const changed: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(object)) changed[name] = change(value, name)
  return changed
}

function isLiteral(keyword: string): boolean {
  return keyword === 'const' || keyword === 'enum' || keyword === 'default' || keyword === 'examples'
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
