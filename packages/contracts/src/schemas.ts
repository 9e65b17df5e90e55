import { type Static, type TSchema, Type } from 'typebox'

/** UUIDv7 (RFC 9562), lower case. */
export const Id = Type.String({ format: 'uuid', description: 'UUIDv7' })
/** RFC 3339 in UTC. */
export const Timestamp = Type.String({ format: 'date-time', description: 'RFC 3339, UTC' })
export const Handle = Type.String({
  pattern: '^[a-z0-9](?:[a-z0-9_-]{0,30}[a-z0-9])?$',
  minLength: 1,
  maxLength: 32,
  description: 'Lower-case letters, digits, `-` and `_`; unique',
})
export const EmailAddress = Type.String({ format: 'email', maxLength: 254 })

export const pageLimit = { default: 20, most: 100 } as const

/** The two query fields of each list. Spread them beside a list's own filters. */
export const pageQuery = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: pageLimit.most, default: pageLimit.default })),
  cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 512, description: '`nextCursor` of the page before' })),
}

/** `{ items, nextCursor }`; `nextCursor` is null on the last page. */
export function pageOf<Item extends TSchema>(item: Item) {
  return Type.Object({ items: Type.Array(item), nextCursor: Type.Union([Type.String(), Type.Null()]) })
}

export const nullable = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()])

/** The header fields that change what a write does. */
export const writeHeaders = Type.Object({
  'idempotency-key': Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
})
export const conditionalWriteHeaders = Type.Object({
  'if-match': Type.Optional(Type.String({ maxLength: 512 })),
})

export const NoContent = Type.Null({ description: 'Nothing' })
export type Page<Item extends TSchema> = Static<ReturnType<typeof pageOf<Item>>>
