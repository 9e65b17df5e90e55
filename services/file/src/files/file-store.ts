import { type CursorValue, cursorText, keyset } from '@portico/database'
import type { Kysely, Transaction } from 'kysely'
import type { FileRow, NewFileRow, Tables } from '../db/tables.ts'

export const newestFirst = [
  { column: 'created_at', direction: 'desc' },
  { column: 'id', direction: 'desc' },
] as const

export interface FileFilter {
  ownerId: string
  folder?: string
  sha256?: string
}

export type FileReads = ReturnType<typeof fileReads>
export type FileStore = ReturnType<typeof fileStore>

/** Reads that need no transaction. */
export function fileReads(db: Kysely<Tables>) {
  return {
    get: (id: string): Promise<FileRow | undefined> =>
      db.selectFrom('files').selectAll().where('id', '=', id).executeTakeFirst(),

    list(filter: FileFilter, after: readonly CursorValue[] | null, limit: number) {
      let query = db
        .selectFrom('files')
        .selectAll()
        .select(cursorText('created_at').as('created_at_cursor'))
        .where('owner_id', '=', filter.ownerId)
      if (filter.folder !== undefined) query = query.where('folder', '=', filter.folder)
      if (filter.sha256 !== undefined) query = query.where('sha256', '=', filter.sha256)
      return keyset(query, newestFirst, after)
        .limit(limit + 1)
        .execute()
    },

    usage: (ownerId: string) => db.selectFrom('usage').selectAll().where('owner_id', '=', ownerId).executeTakeFirst(),
  }
}

/** Writes, bound to the transaction that the caller opened. */
export function fileStore(trx: Transaction<Tables>) {
  return {
    ...fileReads(trx),

    getForUpdate: (id: string): Promise<FileRow | undefined> =>
      trx.selectFrom('files').selectAll().where('id', '=', id).forUpdate().executeTakeFirst(),

    insert: (row: NewFileRow): Promise<FileRow> =>
      trx
        .insertInto('files')
        .values({ ...row, version: 1 })
        .returningAll()
        .executeTakeFirstOrThrow(),

    update: (
      id: string,
      changes: Partial<Pick<FileRow, 'name' | 'folder' | 'visibility'>>,
      now: Date,
    ): Promise<FileRow> =>
      trx
        .updateTable('files')
        .set(({ eb }) => ({ ...changes, version: eb('version', '+', 1), updated_at: now }))
        .where('id', '=', id)
        .returningAll()
        .executeTakeFirstOrThrow(),

    async delete(id: string): Promise<void> {
      await trx.deleteFrom('files').where('id', '=', id).execute()
    },

    ofOwner: (ownerId: string): Promise<FileRow[]> =>
      trx.selectFrom('files').selectAll().where('owner_id', '=', ownerId).orderBy('id').forUpdate().execute(),

    /** Counts a file in (or out, with negative figures) and answers the new sum. */
    async count(ownerId: string, files: number, bytes: number): Promise<number> {
      const { used_bytes } = await trx
        .insertInto('usage')
        .values({ owner_id: ownerId, files, used_bytes: bytes })
        .onConflict(conflict =>
          conflict.column('owner_id').doUpdateSet(({ eb }) => ({
            files: eb('usage.files', '+', files),
            used_bytes: eb('usage.used_bytes', '+', bytes),
          })),
        )
        .returning('used_bytes')
        .executeTakeFirstOrThrow()
      return Number(used_bytes)
    },
  }
}
