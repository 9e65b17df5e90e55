import { NotSignedIn } from '@portico/contracts'
import type { Principal } from '@portico/identity'
import type { Kysely, Selectable } from 'kysely'
import type { AuthorRow, Tables } from '../db/tables.ts'

/** What `user.account` events carry of a person that content shows. */
export interface Account {
  userId: string
  handle: string
  name: string
  avatarFileId: string | null
}

export type AuthorStore = ReturnType<typeof authorStore>

export function authorStore(db: Kysely<Tables>) {
  return {
    /**
     * The author that a principal is. Somebody who writes right after signing up may be faster than the event that tells
     * of the account: then a row is made from the principal, and the event fills in the rest.
     * @throws NotSignedIn when the account is gone: a token lives up to a minute longer than its account
     */
    async ensure({ userId, handle }: Principal, now: Date): Promise<Selectable<AuthorRow>> {
      await db
        .insertInto('authors')
        .values({ user_id: userId, handle, name: handle, avatar_file_id: null, updated_at: now, deleted_at: null })
        .onConflict(conflict => conflict.column('user_id').doNothing())
        .execute()
      const author = await db
        .selectFrom('authors')
        .selectAll()
        .where('user_id', '=', userId)
        // Whoever forgets the account meanwhile waits, and then finds what is being written here.
        .forShare()
        .executeTakeFirstOrThrow()
      if (author.deleted_at) throw NotSignedIn({ detail: 'This account is gone.' })
      return author
    },

    /** The account as it is now. One that is gone does not come back. */
    async project({ userId, handle, name, avatarFileId }: Account, at: Date): Promise<void> {
      const known = { handle, name, avatar_file_id: avatarFileId, updated_at: at }
      await db
        .insertInto('authors')
        .values({ user_id: userId, ...known, deleted_at: null })
        .onConflict(conflict =>
          conflict
            .column('user_id')
            .doUpdateSet(eb => ({ ...known, version: eb('authors.version', '+', 1) }))
            .where('authors.deleted_at', 'is', null),
        )
        .execute()
    },

    /** Forgets the person; the row stays as a stone on which comments stand. */
    async forget(userId: string, at: Date): Promise<void> {
      const forgotten = { handle: null, name: 'Deleted account', avatar_file_id: null, updated_at: at, deleted_at: at }
      await db
        .insertInto('authors')
        .values({ user_id: userId, ...forgotten })
        .onConflict(conflict =>
          conflict.column('user_id').doUpdateSet(eb => ({ ...forgotten, version: eb('authors.version', '+', 1) })),
        )
        .execute()
    },
  }
}
