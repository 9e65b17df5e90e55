import { once } from 'node:events'
import type { ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2'
import { join } from 'node:path'
import type { Test } from 'tap'
import { Agent, request } from 'undici'
import { type RunningGateway, startGateway } from './gateway.ts'
import { selfSigned } from './self-signed.ts'

/** The gateway with a certificate of its own, and a client that takes it and speaks HTTP/1.1. */
export async function startTlsGateway(
  t: Test,
  env: Record<string, string>,
): Promise<{ gateway: RunningGateway; url: string; insecure: Agent }> {
  const { key, certificate } = selfSigned()
  const folder = t.testdir({ 'cert.pem': certificate, 'key.pem': key })
  const insecure = new Agent({ allowH2: false, connect: { rejectUnauthorized: false } })
  t.after(() => insecure.destroy())
  const gateway = await startGateway(
    t,
    { TLS_CERTIFICATE_FILE: join(folder, 'cert.pem'), TLS_KEY_FILE: join(folder, 'key.pem'), ...env },
    async url => {
      const { statusCode, body } = await request(`${url.replace('http:', 'https:')}/readyz`, { dispatcher: insecure })
      await body.dump()
      return statusCode === 200
    },
  )
  return { gateway, url: gateway.url.replace('http:', 'https:'), insecure }
}

/** The whole of an answer; throws when it breaks off. */
export async function answerOf(stream: ClientHttp2Stream): Promise<{ status: number; body: string }> {
  const [head] = (await once(stream, 'response')) as [IncomingHttpHeaders & { ':status': number }]
  let body = ''
  for await (const part of stream) body += part
  // Node reports a stream that was reset as one that ended, when the code is NO_ERROR or CANCEL.
  if (stream.aborted || stream.rstCode !== 0) throw new Error(`reset with ${stream.rstCode}`)
  return { status: head[':status'], body }
}
