import type { CompiledQueries } from '@portico/database'
import { type Outbox, outbox } from '@portico/messaging'
import type { Telemetry } from '@portico/telemetry'
import type { Kysely, Transaction } from 'kysely'
import { type AuthorStore, authorStore } from '../authors/author-store.ts'
import { type CommentStore, commentStore } from '../comments/comment-store.ts'
import { type PostReader, postReader } from '../posts/post-reader.ts'
import { type PostStore, postStore } from '../posts/post-store.ts'
import { type SlugStore, slugStore } from '../posts/slug-store.ts'
import { type ReactionStore, reactionStore } from '../reactions/reaction-store.ts'
import type { TagNames } from '../tags/tag-names.ts'
import { type TagStore, tagStore } from '../tags/tag-store.ts'
import type { Tables } from './tables.ts'

/** What readers ask. */
export interface Reads {
  readonly views: PostReader
  readonly comments: CommentStore
  readonly tags: TagStore
}

/** What one transaction works with. */
export interface Stores extends Reads {
  readonly posts: PostStore
  readonly slugs: SlugStore
  readonly authors: AuthorStore
  readonly reactions: ReactionStore
  readonly outbox: Outbox
  /** Drops the answers that gateways keep under these tags, once the transaction is committed. */
  readonly purge: (...tags: string[]) => void
}

/** What reads remember between requests: things that never change. */
export interface ReadMemory {
  readonly tagNames: TagNames
  readonly queries: CompiledQueries
}

export function bindReads(db: Kysely<Tables>, memory: ReadMemory): Reads {
  return { views: postReader(db, memory), comments: commentStore(db), tags: tagStore(db) }
}

interface Bound {
  memory: ReadMemory
  telemetry: Telemetry
  afterCommit: (hook: () => void) => void
  purge: (tags: string[]) => void
}

export function bindStores(trx: Transaction<Tables>, { memory, telemetry, afterCommit, purge }: Bound): Stores {
  return {
    ...bindReads(trx, memory),
    posts: postStore(trx, memory.tagNames),
    slugs: slugStore(trx),
    authors: authorStore(trx),
    reactions: reactionStore(trx),
    outbox: outbox(trx, telemetry),
    purge: (...tags) => afterCommit(() => purge(tags)),
  }
}
