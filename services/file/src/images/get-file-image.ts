import { createReadStream } from 'node:fs'
import { answer, notModified } from '@portico/chassis'
import { FileNotFound, getFileImage, NotAnImage } from '@portico/contracts/file'
import { isImage } from '../blobs/media-type.ts'
import type { Route } from '../context.ts'
import { bodyFor } from '../files/body.ts'
import { dispositionOf } from '../files/disposition.ts'
import { cacheTagOf, mayRead } from '../files/file.ts'
import { derivativeName, derivativeOf } from './derivative.ts'

export const getImageRoute: Route = (app, { reads, derivatives }) => {
  app.route({
    ...getFileImage,
    handler: async (request, reply) => {
      const file = await reads.files.get(request.params.id)
      if (!file || !mayRead(file, request.principal)) throw FileNotFound()
      if (!isImage(file.type)) throw NotAnImage()
      const derivative = derivativeOf(request.query, request.headers.accept ?? '', file.type)
      reply.headers({
        'content-type': `image/${derivative.format}`,
        'content-disposition': dispositionOf('inline', `${file.name.replace(/\.[^.]*$/, '')}.${derivative.format}`),
        'x-content-type-options': 'nosniff',
        vary: 'accept',
        'cache-control':
          file.visibility === 'public' ? 'public, max-age=3600, stale-while-revalidate=86400' : 'private, no-cache',
        'cache-tag': cacheTagOf(file.id),
      })
      if (notModified(request, reply, `"${file.sha256.slice(0, 32)}-${derivativeName(derivative)}"`, file.created_at))
        return answer(null)
      const { path, sizeBytes } = await derivatives.get(file.sha256, derivative)
      reply.header('content-length', sizeBytes)
      return reply.send(bodyFor(request, () => createReadStream(path)))
    },
  })
}
