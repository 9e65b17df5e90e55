import { type Outbox, outbox } from '@portico/messaging'
import type { Telemetry } from '@portico/telemetry'
import type { Kysely, Transaction } from 'kysely'
import { type BlobRows, blobRows } from '../blobs/blob-rows.ts'
import { type FileReads, type FileStore, fileReads, fileStore } from '../files/file-store.ts'
import type { Tables } from './tables.ts'

/** For reading: each statement by itself. */
export interface Reads {
  readonly files: FileReads
}

/** For writing: bound to one transaction. */
export interface Stores {
  readonly files: FileStore
  readonly blobRows: BlobRows
  readonly outbox: Outbox
  /** Drops the answers that gateways keep under these tags, once the transaction is committed. */
  readonly purge: (...tags: string[]) => void
}

export const bindReads = (db: Kysely<Tables>): Reads => ({ files: fileReads(db) })

export interface StoresOptions {
  telemetry: Telemetry
  afterCommit: (hook: () => void) => void
  purge: (tags: string[]) => void
}

export function bindStores(trx: Transaction<Tables>, { telemetry, afterCommit, purge }: StoresOptions): Stores {
  return {
    files: fileStore(trx),
    blobRows: blobRows(trx),
    outbox: outbox(trx, telemetry),
    purge: (...tags) => afterCommit(() => purge(tags)),
  }
}
