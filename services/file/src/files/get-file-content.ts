import { answer, notModified } from '@portico/chassis'
import { RangeNotSatisfiable } from '@portico/contracts'
import { FileNotFound, getFileContent } from '@portico/contracts/file'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { contentTypeOf, isShownInline } from '../blobs/media-type.ts'
import type { Route } from '../context.ts'
import type { FileRow } from '../db/tables.ts'
import { bodyFor } from './body.ts'
import { rangeOf, rangeStillHolds } from './byte-range.ts'
import { dispositionOf } from './disposition.ts'
import { mayRead } from './file.ts'

export const getContentRoute: Route = (app, { reads, blobs }) => {
  app.route({
    ...getFileContent,
    handler: async (request, reply) => {
      const file = await reads.files.get(request.params.id)
      if (!file || !mayRead(file, request.principal)) throw FileNotFound()
      const etag = `"${file.sha256}"`
      describe(reply, file, request.query.download === true)
      if (notModified(request, reply, etag, file.created_at)) return answer(null)
      const range = rangeFor(request, file, etag)
      if (range.kind === 'unsatisfiable')
        throw RangeNotSatisfiable({ headers: { 'content-range': `bytes */${file.size_bytes}` } })
      if (range.kind === 'whole') {
        reply.header('content-length', file.size_bytes)
        return reply.send(bodyFor(request, () => blobs.read(file.sha256)))
      }
      const { start, end } = range.range
      reply.code(206).header('content-range', `bytes ${start}-${end}/${file.size_bytes}`)
      reply.header('content-length', end - start + 1)
      return reply.send(bodyFor(request, () => blobs.read(file.sha256, { start, end })))
    },
  })
}

/** What holds for every answer about these bytes. Nothing that a stranger uploaded runs in this origin. */
function describe(reply: FastifyReply, file: FileRow, asDownload: boolean): void {
  const kind = asDownload || !isShownInline(file.type) ? 'attachment' : 'inline'
  reply.headers({
    'content-type': contentTypeOf(file.type),
    'content-disposition': dispositionOf(kind, file.name),
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    'accept-ranges': 'bytes',
    // The bytes behind an id never change, but who may read them does.
    'cache-control': file.visibility === 'public' ? 'public, max-age=60, must-revalidate' : 'private, no-cache',
  })
}

function rangeFor(request: FastifyRequest, file: FileRow, etag: string) {
  const ifRange = request.headers['if-range']
  const holds = rangeStillHolds(typeof ifRange === 'string' ? ifRange : undefined, etag, file.created_at)
  // "A server MUST ignore a Range header field received with a request method that is unrecognized or for which range
  // handling is not defined": GET alone (RFC 9110, section 14.2).
  return rangeOf(request.method === 'GET' && holds ? request.headers.range : undefined, file.size_bytes)
}
