import { type Static, Type } from 'typebox'
import { Id, nullable, Timestamp } from '../schemas.ts'

export const fileLimits = {
  /** The largest body of one plain upload. */
  uploadBytes: 5 * 1_024 ** 3,
  nameCharacters: 255,
  folderCharacters: 1_024,
  imageSidePixels: 4_096,
} as const

export const Visibility = Type.Enum(['private', 'public'], {
  description: '`private`: its owner alone; `public`: whoever has the id',
})

export const FileName = Type.String({
  minLength: 1,
  maxLength: fileLimits.nameCharacters,
  pattern: '^(?!\\.{1,2}$)[^/\\\\\\u0000-\\u001f\\u007f]+$',
  description: 'A name without slashes and control characters',
})

export const Folder = Type.String({
  maxLength: fileLimits.folderCharacters,
  pattern: '^/$|^(?:/(?!\\.{1,2}(?:/|$))[^/\\\\\\u0000-\\u001f\\u007f]{1,255})+$',
  description: 'An absolute path without a slash at its end: `/`, `/photos/2026`',
})

/** What the bytes of an image show, once they were looked at. */
export const ImageFacts = Type.Object({
  width: Type.Integer({ minimum: 1 }),
  height: Type.Integer({ minimum: 1 }),
})

export const File = Type.Object(
  {
    id: Id,
    ownerId: Id,
    name: FileName,
    folder: Folder,
    type: Type.String({ description: 'Sniffed from the bytes, whatever the sender said' }),
    sizeBytes: Type.Integer({ minimum: 0 }),
    sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    visibility: Visibility,
    image: nullable(ImageFacts),
    createdAt: Timestamp,
    updatedAt: Timestamp,
  },
  { $id: 'File' },
)
export type File = Static<typeof File>

export const Usage = Type.Object({
  files: Type.Integer({ minimum: 0 }),
  usedBytes: Type.Integer({ minimum: 0, description: 'Each file counts in full, though equal bodies are stored once' }),
  quotaBytes: Type.Integer({ minimum: 0 }),
})
export type Usage = Static<typeof Usage>
