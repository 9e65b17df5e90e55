import { created } from '@portico/chassis'
import { FileCreated, QuotaExceeded, uploadFile } from '@portico/contracts/file'
import { uuidv7 } from '@portico/database'
import { isImage, mediaTypeOf } from '../blobs/media-type.ts'
import type { Route } from '../context.ts'
import type { NewFileRow } from '../db/tables.ts'
import { factsOf, present } from './file.ts'
import { receiveUpload, type Upload } from './upload-form.ts'

interface Facts {
  type: string
  image: { width: number; height: number } | null
}

/** Bytes first, then the row that names them: what is acknowledged is on the disk. */
export const uploadFileRoute: Route = (app, { blobs, images, transact, clock, config }) => {
  app.route({
    ...uploadFile,
    handler: async request => {
      const { userId } = request.requirePrincipal()
      const upload = await receiveUpload(request, blobs, request.signal)
      const { sha256, sizeBytes, incomingPath, head } = upload.received
      try {
        const type = await mediaTypeOf(head, upload.fields.name)
        const facts: Facts = { type, image: isImage(type) ? await images.look(incomingPath) : null }
        // What a repeat with the same Idempotency-Key must equal: there is no body to compare but this.
        request.body = { sha256, ...upload.fields }
        return await transact(request, async ({ files, blobRows, outbox }) => {
          const used = await files.count(userId, 1, sizeBytes)
          if (used > config.quotaBytes) throw QuotaExceeded()
          await blobRows.lock(sha256)
          await blobs.keep(upload.received)
          await blobRows.add(sha256, sizeBytes, clock())
          const file = await files.insert(newRow(userId, upload, facts, clock()))
          await outbox.add(FileCreated, { ...factsOf(file), createdAt: file.created_at.toISOString() })
          return created(`/v1/files/${file.id}`, present(file))
        })
      } finally {
        await blobs.discard(upload.received)
      }
    },
  })
}

const newRow = (ownerId: string, { received, fields }: Upload, { type, image }: Facts, now: Date): NewFileRow => ({
  id: uuidv7(),
  owner_id: ownerId,
  sha256: received.sha256,
  name: fields.name,
  folder: fields.folder,
  visibility: fields.visibility,
  type,
  size_bytes: received.sizeBytes,
  image_width: image?.width ?? null,
  image_height: image?.height ?? null,
  created_at: now,
  updated_at: now,
})
