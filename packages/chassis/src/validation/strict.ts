/**
 * A copy of a JSON Schema in which an object with named properties takes no others, at every depth. The published schema
 * stays open: readers of an answer must tolerate new fields, writers of a body must not misspell them.
 */
export function closed(schema: object): object {
  return Object(close(schema, false))
}

// Where schemas are composed, each part sees the others' fields: there only the whole can be closed
// (JSON Schema 2020-12, core, 11.3).
function close(schema: unknown, isPart: boolean): unknown {
  if (Array.isArray(schema)) return schema.map(item => close(item, isPart))
  if (!isObject(schema)) return schema
  const isWhole = 'allOf' in schema || ('properties' in schema && composing.some(keyword => keyword in schema))
  const copy: Record<string, unknown> = {}
  for (const [keyword, value] of Object.entries(schema)) {
    if (literal.has(keyword)) copy[keyword] = value
    else if (named.has(keyword) && isObject(value)) copy[keyword] = closeEach(value)
    else copy[keyword] = close(value, composing.includes(keyword) && (isPart || isWhole))
  }
  if (isPart || speaksForItself(schema)) return copy
  if (isWhole) return { ...copy, unevaluatedProperties: false }
  return isObject(schema.properties) ? { ...copy, additionalProperties: false } : copy
}

function closeEach(schemas: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, close(schema, false)]))
}

/** Their values are data, or names. */
const literal = new Set(['const', 'enum', 'default', 'examples', 'required', 'description', 'title', 'pattern', '$id'])
const named = new Set(['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas'])
const composing = ['allOf', 'anyOf', 'oneOf', 'if', 'then', 'else']

function speaksForItself(schema: Record<string, unknown>): boolean {
  return 'additionalProperties' in schema || 'unevaluatedProperties' in schema || 'patternProperties' in schema
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
