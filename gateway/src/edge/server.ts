import { createServer, IncomingMessage, type Server, type ServerResponse } from 'node:http'
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type ServerHttp2Session,
} from 'node:http2'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Directory } from '../discovery/directory.ts'
import { type CertificateFiles, readCertificate } from './certificate.ts'
import type { ClientAddresses } from './client-address.ts'
import { type Limits, limitConnections, serverOptions } from './limits.ts'
import type { Reception } from './reception.ts'
import { mayUpgrade } from './upgrade.ts'

export interface EdgeServerOptions {
  readonly limits: Limits
  readonly reception: Reception
  readonly addresses: ClientAddresses
  readonly directory: Directory
  /** Null: plain HTTP/1.1. */
  readonly tls: CertificateFiles | null
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void
type OnUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void

/** The HTTP server with the edge's limits, its requests handed on only after the reception has read them. */
export function createEdgeServer(options: EdgeServerOptions, handler: Handler, upgrade: OnUpgrade): Server {
  const { limits, reception, addresses, directory, tls } = options
  const httpOptions = {
    ...serverOptions(limits),
    shouldUpgradeCallback: (request: IncomingMessage) => mayUpgrade(request, directory.table),
  }
  // Fastify and Node's types know two kinds of server; what is used here, both have.
  const server =
    tls === null ? createServer(httpOptions) : (secureServer(limits, httpOptions, tls) as unknown as Server)
  const receive: Handler = (request, response) => {
    markBody(request)
    if (reception.receive(request, response) !== null) handler(request, response)
  }
  // Node drops what is over its own limit without a word; the reception counts, and refuses.
  server.maxHeadersCount = 0
  server.on('request', receive)
  // An expectation is met, or not, only after the edge has looked at the request.
  server.on('checkContinue', receive)
  server.on('checkExpectation', receive)
  server.on('upgrade', upgrade)
  server.on('clientError', (error: Error & { code?: string }, socket) =>
    reception.onClientError(error, socket as Socket),
  )
  limitConnections(server, limits.connectionsPerAddress, socket => addresses.peerOf(socket).address)
  return server
}

const mostStreams = 128

/** HTTP/2 for those who ask for it in the handshake (ALPN), else HTTP/1.1 with the same limits. */
function secureServer(limits: Limits, httpOptions: object, tls: CertificateFiles): Http2SecureServer {
  const server = createSecureServer({
    ...httpOptions,
    ...readCertificate(tls),
    allowHTTP1: true,
    maxHeaderListPairs: limits.headerCount,
    settings: { maxConcurrentStreams: mostStreams, maxHeaderListSize: limits.headerBytes, enablePush: false },
  })
  const sessions = new Set<ServerHttp2Session>()
  server.on('session', session => {
    sessions.add(session)
    session.once('close', () => sessions.delete(session))
    session.setTimeout(limits.keepAliveMs, () => session.close())
  })
  // To close means: tell each client (GOAWAY), and let the streams that are open end.
  const close = server.close.bind(server)
  server.close = done => {
    for (const session of sessions) session.close()
    return close(done)
  }
  return Object.assign(server, {
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
    closeAllConnections: () => {
      for (const session of sessions) session.destroy()
    },
    closeIdleConnections: () => {},
  })
}

/**
 * HTTP/2 needs neither a length nor a coding to say that a body follows. What reads requests behind here knows only
 * HTTP/1's two ways, so the second one is written in; it never goes upstream.
 */
function markBody(request: IncomingMessage | Http2ServerRequest): void {
  // Not by the version: `HTTP/2.0` can be written into a request line.
  if (request instanceof IncomingMessage) return
  if (request.headers['content-length'] === undefined && !request.stream.endAfterHeaders) {
    request.headers['transfer-encoding'] = 'chunked'
  }
}
