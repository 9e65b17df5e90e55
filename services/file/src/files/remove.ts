import { FileDeleted } from '@portico/contracts/file'
import type { Stores } from '../db/stores.ts'
import type { FileRow } from '../db/tables.ts'
import { cacheTagOf } from './file.ts'

/** Takes a file away: its row, its share of the quota, what gateways keep. Its bytes go when they are swept. */
export async function removeFile({ files, outbox, purge }: Stores, file: FileRow, at: Date): Promise<void> {
  await files.delete(file.id)
  await files.count(file.owner_id, -1, -file.size_bytes)
  await outbox.add(FileDeleted, { fileId: file.id, ownerId: file.owner_id, deletedAt: at.toISOString() })
  purge(cacheTagOf(file.id))
}
