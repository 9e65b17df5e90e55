import { type Static, Type } from 'typebox'

/**
 * Tells every gateway to drop the kept answers that carry one of these tags. Each service broadcasts on its own
 * `broadcast.<service>.cache_purged`; tags are global names such as `post:0190…`.
 */
export const CachePurge = Type.Object({
  tags: Type.Array(Type.String({ minLength: 1, maxLength: 200 }), { minItems: 1, maxItems: 1_000 }),
})
export type CachePurge = Static<typeof CachePurge>
export const cachePurgeSubject = (service: string) => `broadcast.${service}.cache_purged` as const
