import { answer, notModified } from '@portico/chassis'
import { getConsoleAsset, getConsolePage, PageNotFound } from '@portico/contracts/console'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Context, Route } from '../context.ts'

/** The page's own rules: its own files and its own API, nothing inline, in nobody's frame. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

export const page: Route = (app, { pageFiles }) => {
  app.route({ ...getConsolePage, handler: (request, reply) => send(pageFiles, 'index.html', request, reply) })
  app.route({
    ...getConsoleAsset,
    handler: (request, reply) => send(pageFiles, request.params['*'] || 'index.html', request, reply),
  })
}

function send(files: Context['pageFiles'], name: string, request: FastifyRequest, reply: FastifyReply) {
  const file = files.get(name)
  if (!file) throw PageNotFound()
  reply.headers({
    'content-type': file.type,
    'content-security-policy': policy,
    'cache-control': 'no-cache',
    'x-content-type-options': 'nosniff',
  })
  return notModified(request, reply, file.etag) ? answer(null) : reply.send(file.bytes)
}
