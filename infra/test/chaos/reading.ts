import { setTimeout as pause } from 'node:timers/promises'
import type { RunningSystem } from '../support/system.ts'
import type { Facts } from './facts.ts'

/** A read that was not answered as it should be. */
export interface Failure {
  readonly path: string
  readonly what: string
  readonly status: number
  readonly startedAtMs: number
  readonly endedAtMs: number
}

export interface Reading {
  readonly count: number
  readonly failures: readonly Failure[]
}

const betweenMs = 25

/** Reads what is known to be there, as strangers and as the signed-in, once each: nobody here tries again. */
export async function readOn({ door }: RunningSystem, facts: Facts, signal: AbortSignal): Promise<Reading> {
  const failures: Failure[] = []
  let count = 0
  for (; !signal.aborted; count++) {
    const post = facts.posts[Math.floor(Math.random() * facts.posts.length)]
    const paths = post
      ? [
          `/v1/posts/${post.slug}`,
          `/v1/posts/${post.id}/comments`,
          `/v1/files/${post.cover.id}`,
          '/v1/me',
          '/v1/notifications',
        ]
      : ['/v1/posts']
    const path = paths[count % paths.length] ?? '/v1/posts'
    const isPrivate = path === '/v1/me' || path === '/v1/notifications'
    // A stranger's answers may come from a cache; the signed-in are served by a replica each time.
    const asker = post && (isPrivate || count % 2 === 0) ? post.author.door : door
    const startedAtMs = Date.now()
    const outcome = await asker.get(path).then(
      ({ status }) => ({ status, what: String(status) }),
      (error: unknown) => ({ status: 0, what: String(error) }),
    )
    if (outcome.status !== 200) failures.push({ path, ...outcome, startedAtMs, endedAtMs: Date.now() })
    await pause(betweenMs)
  }
  return { count, failures }
}
