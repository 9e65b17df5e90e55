import { type Static, Type } from 'typebox'
import { Value } from 'typebox/value'
import { type Door, expectStatus } from '../support/http.ts'

const Schema = Type.Object({
  type: Type.Optional(Type.Unknown()),
  format: Type.Optional(Type.String()),
  pattern: Type.Optional(Type.String()),
  enum: Type.Optional(Type.Array(Type.Unknown())),
  maximum: Type.Optional(Type.Number()),
  maxLength: Type.Optional(Type.Integer()),
  required: Type.Optional(Type.Array(Type.String())),
  properties: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  additionalProperties: Type.Optional(Type.Unknown()),
})
export type Schema = Static<typeof Schema>

const Operation = Type.Object({
  operationId: Type.String(),
  parameters: Type.Array(Type.Object({ name: Type.String(), in: Type.String(), schema: Schema })),
  requestBody: Type.Optional(Type.Object({ content: Type.Record(Type.String(), Type.Object({ schema: Schema })) })),
  responses: Type.Record(Type.String(), Type.Unknown()),
  'x-portico-policy': Type.Object({
    access: Type.Union([Type.Literal('public'), Type.Literal('signed-in'), Type.Array(Type.String())]),
    bodyLimitBytes: Type.Integer(),
  }),
})
const Document = Type.Object({
  paths: Type.Record(Type.String(), Type.Record(Type.String(), Operation)),
})

/** One route, as the running system documents it. */
export interface Route {
  readonly method: string
  /** With braces: `/v1/posts/{id}`. */
  readonly template: string
  readonly access: 'public' | 'signed-in' | readonly string[]
  readonly bodyLimitBytes: number
  readonly parameters: Static<typeof Operation>['parameters']
  /** Of the JSON body; null when it takes none. */
  readonly body: Schema | null
  /** Statuses it says it can answer with. */
  readonly statuses: readonly number[]
}

/** Every route of the merged document: a new one is tested without anybody naming it here. */
export async function readRoutes(door: Door): Promise<Route[]> {
  const { paths } = Value.Parse(Document, expectStatus(await door.get('/openapi.json'), 200).json)
  return Object.entries(paths).flatMap(([template, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      template,
      access: operation['x-portico-policy'].access,
      bodyLimitBytes: operation['x-portico-policy'].bodyLimitBytes,
      parameters: operation.parameters,
      body: operation.requestBody?.content['application/json']?.schema ?? null,
      statuses: Object.keys(operation.responses).map(Number),
    })),
  )
}

/** Methods that some route takes at this path. */
export function methodsAt(routes: readonly Route[], path: string): string[] {
  return routes.filter(({ template }) => patternOf(template).test(path)).map(({ method }) => method)
}

function patternOf(template: string): RegExp {
  const source = template
    .replace(/[.*+?^$()|[\]\\]/g, '\\$&')
    .replace(/\{(\w+)\}/g, (_, name) => (name === 'path' ? '.+' : '[^/]+'))
  return new RegExp(`^${source}$`)
}
