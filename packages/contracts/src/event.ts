import type { Static, TSchema } from 'typebox'

/**
 * One thing that became true. Its subject is `<service>.<entity>.<past tense>.v<n>`; events of one entity with the same
 * key arrive in the order in which they became true.
 */
export interface EventDefinition<Schema extends TSchema = TSchema, Subject extends string = string> {
  readonly subject: Subject
  readonly service: string
  /** `<service>.<entity>`: what a consumer subscribes to. */
  readonly entity: string
  readonly schema: Schema
  readonly description: string
  /** The entity's id: the order of events is kept per key. */
  readonly key: (payload: Static<Schema>) => string
}

export type Payload<Definition> = Definition extends EventDefinition<infer Schema> ? Static<Schema> : never

const subjectPattern = /^([a-z]+)\.([a-z_]+)\.([a-z_]+)\.v([1-9][0-9]*)$/

/**
 * @example
 * export const PostPublished = defineEvent('content.post.published.v1', Type.Object({ postId: Id, … }), {
 *   description: 'A post can now be read by everyone', key: post => post.postId,
 * })
 */
export function defineEvent<const Subject extends string, Schema extends TSchema>(
  subject: Subject,
  schema: Schema,
  options: { description: string; key: (payload: Static<Schema>) => string },
): EventDefinition<Schema, Subject> {
  const [, service, entity] = subjectPattern.exec(subject) ?? []
  if (!service || !entity) throw new TypeError(`${subject} is not <service>.<entity>.<past tense>.v<n>`)
  return { subject, service, entity: `${service}.${entity}`, schema, ...options }
}

/**
 * News for whoever listens now, without memory: a revocation, a purge. Its subject is `broadcast.<service>.<what>`.
 * What must not be missed is an event instead.
 */
export interface BroadcastDefinition<Schema extends TSchema = TSchema> {
  readonly subject: string
  readonly service: string
  readonly schema: Schema
  readonly description: string
}

export function defineBroadcast<Schema extends TSchema>(
  subject: `broadcast.${string}.${string}`,
  schema: Schema,
  options: { description: string },
): BroadcastDefinition<Schema> {
  const service = subject.split('.')[1] ?? ''
  return { subject, service, schema, ...options }
}
