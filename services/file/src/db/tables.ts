/** Kysely's picture of the tables; the migrations are the truth. */
export interface Tables {
  blobs: BlobRow
  files: FileRow
  usage: { owner_id: string; files: number; used_bytes: number }
}

/** One body, however many files name it. */
export interface BlobRow {
  sha256: string
  size_bytes: number
  created_at: Date
}

export type NewFileRow = Omit<FileRow, 'version'>

export interface FileRow {
  id: string
  owner_id: string
  sha256: string
  name: string
  folder: string
  type: string
  size_bytes: number
  visibility: 'private' | 'public'
  image_width: number | null
  image_height: number | null
  version: number
  created_at: Date
  updated_at: Date
}
