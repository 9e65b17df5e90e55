import type { InvalidField } from '@portico/contracts'

/** What a reader can use of an answer; a body that is wrong in more places than this is wrong as a whole. */
const listedAtMost = 32
const parts: Readonly<Record<string, NonNullable<InvalidField['in']>>> = {
  body: 'body',
  querystring: 'query',
  params: 'path',
  headers: 'header',
}

interface SchemaError {
  keyword: string
  instancePath: string
  schemaPath: string
  params: Readonly<Record<string, unknown>>
  message?: string
}

/** Ajv's errors as the catalogue's `errors`: a JSON Pointer as URI fragment (RFC 6901, section 6), and a reason. */
export function invalidFields(errors: readonly unknown[], context = 'body'): InvalidField[] {
  const known = errors.filter(isSchemaError)
  const part = parts[context] ?? 'body'
  const fields = new Map<string, InvalidField>()
  for (const error of known) {
    if (isNoise(error, known)) continue
    const field = { pointer: pointerOf(error), in: part, detail: detailOf(error) }
    fields.set(`${field.pointer} ${field.detail}`, field)
  }
  return [...fields.values()].slice(0, listedAtMost)
}

/** A value that may be null fails three times: as itself, as null, and as neither. Only the first helps. */
function isNoise(error: SchemaError, all: readonly SchemaError[]): boolean {
  return isVague(error) && all.some(other => !isVague(other) && other.instancePath.startsWith(error.instancePath))
}

function isVague({ keyword, schemaPath, params }: SchemaError): boolean {
  const isNullBranch = keyword === 'type' && params.type === 'null' && /\/(?:any|one)Of\//.test(schemaPath)
  return isNullBranch || keyword === 'anyOf' || keyword === 'oneOf' || keyword === 'if'
}

function pointerOf({ instancePath, params }: SchemaError): string {
  const missing = params.missingProperty ?? params.additionalProperty ?? params.unevaluatedProperty
  const path = typeof missing === 'string' ? `${instancePath}/${escaped(missing)}` : instancePath
  return `#${path.split('/').map(encodeURIComponent).join('/')}`
}

function detailOf({ keyword, params, message }: SchemaError): string {
  switch (keyword) {
    case 'required':
    case 'dependentRequired':
      return 'is required'
    case 'additionalProperties':
    case 'unevaluatedProperties':
      return 'is not known here'
    case 'enum':
      return `must be one of ${Array.isArray(params.allowedValues) ? params.allowedValues.join(', ') : 'the listed values'}`
    case 'format':
      return `must be a valid ${String(params.format)}`
    default:
      return message ?? 'is not valid'
  }
}

// RFC 6901, section 3.
function escaped(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}

function isSchemaError(value: unknown): value is SchemaError {
  return typeof value === 'object' && value !== null && 'keyword' in value && 'instancePath' in value
}
