import { Type } from 'typebox'
import { defineEvent } from '../event.ts'
import { Id, Timestamp } from '../schemas.ts'

const keyOfFile = ({ fileId }: { fileId: string }) => fileId
const file = {
  fileId: Id,
  ownerId: Id,
  name: Type.String(),
  type: Type.String(),
  sizeBytes: Type.Integer(),
  sha256: Type.String(),
  visibility: Type.Enum(['private', 'public']),
}

export const FileCreated = defineEvent('file.file.created.v1', Type.Object({ ...file, createdAt: Timestamp }), {
  description: 'A file was stored',
  key: keyOfFile,
})
export const FileChanged = defineEvent('file.file.changed.v1', Type.Object({ ...file, changedAt: Timestamp }), {
  description: 'Name, folder or visibility of a file changed',
  key: keyOfFile,
})
export const FileDeleted = defineEvent(
  'file.file.deleted.v1',
  Type.Object({ fileId: Id, ownerId: Id, deletedAt: Timestamp }),
  { description: 'A file is gone', key: keyOfFile },
)
