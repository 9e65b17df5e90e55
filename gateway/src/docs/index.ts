import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Context } from '../context.ts'
import { namesTag } from '../edge/cache/conditions.ts'
import type { Coding, Compressor } from '../edge/compression.ts'
import { allowOrigin } from '../edge/cors.ts'
import { answerPlain, type PlainAnswer } from '../edge/plain-answer.ts'
import { startTrace } from '../edge/trace.ts'
import { mergeOpenApi } from './openapi.ts'
import { problemsPage } from './problems-page.ts'
import { createReference } from './reference.ts'

const html = 'text/html; charset=utf-8'
const pagePolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
// Scalar writes its styles and an inline start script into the page, and its requests go to this API.
const referencePolicy =
  "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; frame-ancestors 'none'"

export const docPaths = ['/openapi.json', '/docs', '/docs/problems', '/docs/scalar.js'] as const

/** `/openapi.json`, `/docs`, `/docs/problems`: what can be asked, as the running services say it themselves. */
export function registerDocs(app: FastifyInstance, context: Context): void {
  const { directory, config } = context
  const reference = createReference({ openapi: '/openapi.json', script: '/docs/scalar.js' })
  const documents = () => directory.services().flatMap(({ newest }) => newest?.document ?? [])
  const openapi = keptUntilChange(context, () => JSON.stringify(mergeOpenApi(documents(), config)))
  const problems = keptUntilChange(context, () => problemsPage(documents()))
  const answer = answerer(context)

  app.get('/openapi.json', (request, reply) => answer(request, reply, 'application/json', openapi()))
  app.get('/docs/problems', (request, reply) =>
    answer(request, reply, html, problems(), ['content-security-policy', pagePolicy]),
  )
  app.get('/docs', async (request, reply) =>
    answer(request, reply, html, kept(await reference.page()), ['content-security-policy', referencePolicy]),
  )
  app.get('/docs/scalar.js', async (request, reply) => {
    const script = kept(await reference.script())
    return answer(request, reply, 'text/javascript; charset=utf-8', script, ['content-encoding', 'gzip'])
  })
}

interface Kept {
  readonly body: Buffer
  readonly etag: string
  /** The same in other codings, each made once asked for. */
  readonly coded: Map<Coding, Promise<Buffer>>
}

function kept(content: string | Buffer): Kept {
  const body = Buffer.isBuffer(content) ? content : Buffer.from(content)
  return { body, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`, coded: new Map() }
}

/** Made when first asked for, and again after contracts changed. */
function keptUntilChange({ directory }: Context, make: () => string): () => Kept {
  let current: Kept | null = null
  directory.onChange(() => {
    current = null
  })
  return () => {
    current ??= kept(make())
    return current
  }
}

function answerer({ reception, telemetry, heads, report, origins, addresses, sampling, compressor }: Context) {
  return async (request: FastifyRequest, reply: FastifyReply, type: string, content: Kept, more: string[] = []) => {
    const visit = reception.visitOf(request.raw)
    reply.hijack()
    addresses.settle(visit)
    startTrace(telemetry, sampling, visit)
    allowOrigin(visit, origins)
    const headers = ['content-type', type, 'etag', content.etag, 'cache-control', 'public, no-cache', ...more]
    const isKnown = namesTag(request.headers['if-none-match'] ?? '', content.etag)
    const answer = isKnown
      ? { status: 304, headers }
      : await wholeIn(request.headers['accept-encoding'], headers, content, compressor)
    answerPlain(visit, answer, heads, report)
    return reply
  }
}

async function wholeIn(
  accept: string | undefined,
  headers: string[],
  { body, coded }: Kept,
  compressor: Compressor | null,
): Promise<PlainAnswer> {
  if (compressor === null) return { status: 200, headers, body }
  // A cache in front must know that others may get it coded.
  if (compressor.choose('*', 200, headers, body.length) !== null) headers.push('vary', 'accept-encoding')
  const coding = compressor.choose(accept, 200, headers, body.length)
  if (coding === null) return { status: 200, headers, body }
  const making = coded.get(coding) ?? compressor.whole(coding, body)
  coded.set(coding, making)
  // Made anew by whoever asks next.
  making.catch(() => coded.delete(coding))
  return { status: 200, headers: compressor.headers(headers, coding), body: await making }
}
