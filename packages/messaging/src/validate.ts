import type { Static, TSchema } from 'typebox'
import { Compile, type Validator } from 'typebox/compile'

/** A payload that is not what its contract says. */
export class InvalidPayload extends TypeError {
  constructor(subject: string, problems: readonly string[]) {
    super(`${subject}: ${problems.join('; ')}`)
    this.name = 'InvalidPayload'
  }
}

// Compiled once a schema object; the schemas are the contracts' own, so they live as long as the process.
const compiled = new WeakMap<TSchema, Validator>()

/** Throws {@link InvalidPayload} unless the payload fits. Unknown members are let through: readers are tolerant. */
export function requireValid<Schema extends TSchema>(
  definition: { readonly subject: string; readonly schema: Schema },
  payload: unknown,
): asserts payload is Static<Schema> {
  const validator = compiled.get(definition.schema) ?? Compile(definition.schema)
  compiled.set(definition.schema, validator)
  if (validator.Check(payload)) return
  const problems = validator.Errors(payload).map(({ instancePath, message }) => `${instancePath || '/'} ${message}`)
  throw new InvalidPayload(definition.subject, problems.slice(0, 5))
}
