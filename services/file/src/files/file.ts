import type { File } from '@portico/contracts/file'
import type { Principal } from '@portico/identity'
import type { FileRow } from '../db/tables.ts'

/** A file as its API shows it. */
export const present = (row: FileRow): File => ({
  id: row.id,
  ownerId: row.owner_id,
  name: row.name,
  folder: row.folder,
  type: row.type,
  sizeBytes: row.size_bytes,
  sha256: row.sha256,
  visibility: row.visibility,
  image:
    row.image_width === null || row.image_height === null ? null : { width: row.image_width, height: row.image_height },
  createdAt: row.created_at.toISOString(),
  updatedAt: row.updated_at.toISOString(),
})

/** A file as events carry it. */
export const factsOf = (row: FileRow) => ({
  fileId: row.id,
  ownerId: row.owner_id,
  name: row.name,
  type: row.type,
  sizeBytes: row.size_bytes,
  sha256: row.sha256,
  visibility: row.visibility,
})

/** Whoever has the id of a public file may read it; a private one is its owner's alone. */
export const mayRead = (row: FileRow, principal: Principal | null) =>
  row.visibility === 'public' || row.owner_id === principal?.userId

/** The tags under which gateways keep answers about a file. */
export const cacheTagOf = (fileId: string) => `file:${fileId}`
