import { sql, type Transaction } from 'kysely'
import type { Tables } from '../db/tables.ts'

export type BlobRows = ReturnType<typeof blobRows>

/** The rows of bodies. Whoever names, or removes, a body holds its lock until the transaction ends. */
export function blobRows(trx: Transaction<Tables>) {
  return {
    /** Uploading and sweeping the same body take turns: bytes are never removed under a row that is being written. */
    async lock(sha256: string): Promise<void> {
      await sql`select pg_advisory_xact_lock(hashtextextended(${sha256}, 0))`.execute(trx)
    },

    async add(sha256: string, sizeBytes: number, now: Date): Promise<void> {
      await trx
        .insertInto('blobs')
        .values({ sha256, size_bytes: sizeBytes, created_at: now })
        .onConflict(conflict => conflict.column('sha256').doNothing())
        .execute()
    },

    /** Bodies that no file names any more. */
    async unnamed(limit: number): Promise<string[]> {
      const rows = await trx
        .selectFrom('blobs')
        .select('sha256')
        .where(({ not, exists, selectFrom }) =>
          not(exists(selectFrom('files').select('files.id').whereRef('files.sha256', '=', 'blobs.sha256'))),
        )
        .limit(limit)
        .execute()
      return rows.map(row => row.sha256)
    },

    /** Whether it was there and unnamed, and now is gone. */
    async removeUnnamed(sha256: string): Promise<boolean> {
      const { numDeletedRows } = await trx
        .deleteFrom('blobs')
        .where('sha256', '=', sha256)
        .where(({ not, exists, selectFrom }) =>
          not(exists(selectFrom('files').select('files.id').whereRef('files.sha256', '=', 'blobs.sha256'))),
        )
        .executeTakeFirst()
      return numDeletedRows > 0n
    },
  }
}
