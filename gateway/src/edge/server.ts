import { createServer, IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createSecureServer, type Http2SecureServer, type Http2ServerRequest } from 'node:http2'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Directory } from '../discovery/directory.ts'
import { standBefore } from '../front/front.ts'
import { type CertificateFiles, readCertificate } from './certificate.ts'
import type { ClientAddresses } from './client-address.ts'
import { EdgeResponse } from './edge-response.ts'
import type { Farewell } from './farewell.ts'
import { type Limits, limitConnections, serverOptions } from './limits.ts'
import { addressKey } from './rate-limit.ts'
import type { Reception } from './reception.ts'
import type { Shortcut } from './shortcut.ts'
import { endStalledStreams } from './stalled-streams.ts'
import { mayUpgrade } from './upgrade.ts'

export interface EdgeServerOptions {
  readonly limits: Limits
  readonly reception: Reception
  readonly addresses: ClientAddresses
  readonly directory: Directory
  readonly farewell: Farewell
  /** Null: plain HTTP/1.1. */
  readonly tls: CertificateFiles | null
  /** What is served before Node sees it, on connections without TLS. */
  readonly front: Shortcut['front']
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void
type OnUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void

/** The HTTP server with the edge's limits, its requests handed on only after the reception has read them. */
export function createEdgeServer(options: EdgeServerOptions, handler: Handler, upgrade: OnUpgrade): Server {
  const { limits, reception, addresses, directory, farewell, tls, front } = options
  const httpOptions = { ...serverOptions(limits), ServerResponse: EdgeResponse }
  // Fastify and Node's types know two kinds of server; what is used here, both have.
  const server =
    tls === null ? createServer(httpOptions) : (secureServer(limits, httpOptions, tls, farewell) as unknown as Server)
  // As an option the TLS server would not take it.
  Object.assign(server, { shouldUpgradeCallback: (request: IncomingMessage) => mayUpgrade(request, directory.table) })
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
  // Without a listener a tunnel's request is answered by closing the connection.
  server.on('connect', (request, to) => reception.refuseTunnel(request, to))
  server.on('clientError', (error: Error & { code?: string }, socket) =>
    reception.onClientError(error, socket as Socket),
  )
  limitConnections(server, limits.connectionsPerAddress, socket => addressKey(addresses.peerOf(socket).address))
  closeEvery(server)
  if (tls === null) {
    const refuseSilence = (socket: Socket) => reception.onClientError(new SilenceError(), socket)
    standBefore(server, { limits, ...front, refuseSilence })
  }
  return server
}

/** As Node's own server calls it. */
class SilenceError extends Error {
  readonly code = 'ERR_HTTP_REQUEST_TIMEOUT'
}

/**
 * `closeAllConnections` of Node leaves out what is no HTTP/1.1 any more: upgraded sockets and HTTP/2. Here it means every
 * connection, so that none of them can hold up the end of the process.
 */
function closeEvery(server: Server): void {
  const open = new Set<Socket>()
  server.on('connection', socket => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
  server.closeAllConnections = () => {
    for (const socket of open) socket.destroy()
  }
}

const mostStreams = 128

/** HTTP/2 for those who ask for it in the handshake (ALPN), else HTTP/1.1 with the same limits. */
function secureServer(
  limits: Limits,
  httpOptions: object,
  tls: CertificateFiles,
  farewell: Farewell,
): Http2SecureServer {
  const server = createSecureServer({
    ...httpOptions,
    ...readCertificate(tls),
    // Silence before the first request is silence, whatever it keeps silent about.
    handshakeTimeout: limits.headersMs,
    allowHTTP1: true,
    Http1ServerResponse: EdgeResponse,
    // nghttp2 resets without a word; the reception counts, and refuses. A browser sends each cookie as a field.
    maxHeaderListPairs: limits.headerCount * 4,
    settings: { maxConcurrentStreams: mostStreams, maxHeaderListSize: limits.headerBytes, enablePush: false },
  })
  farewell.watch(server)
  server.on('session', session => session.setTimeout(limits.keepAliveMs, () => session.close()))
  endStalledStreams(server, limits.keepAliveMs)
  return Object.assign(server, {
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
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
