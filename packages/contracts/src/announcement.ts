import { type Static, Type } from 'typebox'

/**
 * What a replica says of itself, each second and at once when it changes, on `announce.<service>`: a subject that only
 * that service's own NATS user may publish. Silence for longer than `silenceMs` is a replica gone.
 */
export const Announcement = Type.Object({
  service: Type.String({ pattern: '^[a-z][a-z0-9-]{0,31}$' }),
  instance: Type.String({ minLength: 1, maxLength: 64 }),
  /** `http://host:port`, reachable by a gateway. */
  address: Type.String({ maxLength: 256 }),
  version: Type.String({ maxLength: 64 }),
  /** Digest of the contract it serves at `/contract.json`. */
  contractDigest: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  startedAt: Type.String({ format: 'date-time' }),
  zone: Type.String({ maxLength: 64 }),
  weight: Type.Number({ minimum: 0, maximum: 1_000 }),
  /** Requests being worked on. */
  inFlight: Type.Integer({ minimum: 0 }),
  /** Event-loop utilisation since the last announcement, 0 to 1. */
  utilisation: Type.Number({ minimum: 0, maximum: 1 }),
  /** It will stop soon: send nothing new. */
  draining: Type.Boolean(),
})
export type Announcement = Static<typeof Announcement>

export const announcementTiming = { everyMs: 1_000, silenceMs: 4_000 } as const
export const announceSubject = (service: string) => `announce.${service}`
