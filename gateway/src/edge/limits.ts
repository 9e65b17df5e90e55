import type { IncomingMessage } from 'node:http'
import type { Server, Socket } from 'node:net'
import { BodyTooLarge } from '@portico/contracts'
import type { Visit } from './visit.ts'

/** What a client may take up before its request is even known. */
export interface Limits {
  readonly headerBytes: number
  readonly headerCount: number
  /** From the first byte of a request to the last of its header fields, milliseconds. */
  readonly headersMs: number
  /** From the first byte of a request to the last of its body; a route's deadline is shorter. */
  readonly requestMs: number
  /** An open connection between two requests; longer than any client's own, so that we seldom close first. */
  readonly keepAliveMs: number
  readonly connectionsPerAddress: number
}

export const limitDefaults: Limits = {
  headerBytes: 16 * 1024,
  headerCount: 100,
  headersMs: 10_000,
  requestMs: 3_600_000,
  keepAliveMs: 72_000,
  connectionsPerAddress: 10_000,
}

/** Node's own limits, as options of `http.createServer`. */
export const serverOptions = ({ headerBytes, headersMs, requestMs, keepAliveMs }: Limits) => ({
  maxHeaderSize: headerBytes,
  headersTimeout: headersMs,
  requestTimeout: requestMs,
  keepAliveTimeout: keepAliveMs,
  // How often the two above are looked at; Node's default of 30 s would let a slow client stay as long again.
  connectionsCheckingInterval: Math.max(250, Math.min(headersMs / 4, 5_000)),
  noDelay: true,
  joinDuplicateHeaders: false,
  insecureHTTPParser: false,
  requireHostHeader: false,
  rejectNonStandardBodyWrites: false,
})

/** Refuses what an address opens beyond its share: without an answer, since writing one would be work too. */
export function limitConnections(server: Server, most: number, addressOf: (socket: Socket) => string): void {
  const open = new Map<string, number>()
  server.on('connection', socket => {
    const address = addressOf(socket)
    const count = (open.get(address) ?? 0) + 1
    if (count > most) {
      socket.destroy()
      return
    }
    open.set(address, count)
    socket.once('close', () => {
      const left = (open.get(address) ?? 1) - 1
      if (left <= 0) open.delete(address)
      else open.set(address, left)
    })
  })
}

/** A body that says it is too large is refused before a byte of it is read. The forwarder counts those that do not say. */
export function checkDeclaredBody({ request, route }: Visit): void {
  if (route === null) return
  const { bodyLimitBytes } = route.policy
  const declared = request.headers['content-length']
  const tooLarge = declared !== undefined && Number(declared) > bodyLimitBytes
  if (tooLarge || (bodyLimitBytes === 0 && isChunked(request))) {
    throw BodyTooLarge({ extensions: { limitBytes: bodyLimitBytes } })
  }
}

const isChunked = (request: IncomingMessage) => request.headers['transfer-encoding'] !== undefined
