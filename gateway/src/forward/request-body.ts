import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { BodyTooLarge } from '@portico/contracts'

/** A body up to this size is read whole before it is sent. */
export const smallBodyBytes = 64 * 1_024

/** Whether a message has a body at all (RFC 9112, section 6.3). */
export function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length']
  return (length !== undefined && length !== '0') || headers['transfer-encoding'] !== undefined
}

/** The declared length, or -1. Node's parser has refused what is no number. */
export function declaredLength({ headers }: IncomingMessage): number {
  const length = headers['content-length']
  return length === undefined ? -1 : Number(length)
}

/**
 * A request's body on its way to one replica: what the client sends, counted, cut off at the limit, never faster than
 * the replica reads. It stands between the two because undici destroys the stream it is given, and destroying
 * the request itself would cut the client off before it has its answer.
 */
export class RequestBody extends Readable {
  readonly #request: IncomingMessage
  readonly #limitBytes: number
  readonly #counted: (bytes: number) => void
  #bytes = 0
  readonly #onData = (chunk: Buffer): void => {
    this.#bytes += chunk.length
    this.#counted(chunk.length)
    if (this.#bytes > this.#limitBytes) this.destroy(BodyTooLarge())
    else if (!this.push(chunk)) this.#request.pause()
  }
  readonly #onEnd = (): void => {
    this.push(null)
  }

  constructor(request: IncomingMessage, limitBytes: number, counted: (bytes: number) => void) {
    super({ highWaterMark: 64 * 1_024 })
    this.#request = request
    this.#limitBytes = limitBytes
    this.#counted = counted
    request.on('data', this.#onData)
    request.on('end', this.#onEnd)
    request.pause()
  }

  override _read(): void {
    this.#request.resume()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#request.off('data', this.#onData)
    this.#request.off('end', this.#onEnd)
    this.#request.pause()
    done(error)
  }
}

/**
 * Reads a small body whole. Calls back once: with the bytes, or with null when there were more than `limitBytes`. Never
 * when the client leaves: whoever waits learns that from the response.
 */
export function readWhole(request: IncomingMessage, limitBytes: number, done: (body: Buffer | null) => void): void {
  const chunks: Buffer[] = []
  let bytes = 0
  const onData = (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > limitBytes) finish(null)
    else chunks.push(chunk)
  }
  const onEnd = () => finish(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, bytes))
  function finish(body: Buffer | null): void {
    request.off('data', onData)
    request.off('end', onEnd)
    done(body)
  }
  request.on('data', onData)
  request.on('end', onEnd)
}

/**
 * The client gets its answer before it has sent everything. Closing at once would reset the connection and could take the
 * answer with it, so the rest is read and dropped for a moment, and only then is the socket closed
 * (what nginx calls a lingering close).
 */
export function dropTheRest(request: IncomingMessage): void {
  if (request.complete || request.httpVersionMajor >= 2) return
  const { socket } = request
  let bytes = 0
  const cut = () => socket.destroy()
  const bound = setTimeout(cut, lingerMs)
  const over = () => {
    clearTimeout(bound)
    request.off('end', over)
    socket.off('close', over)
  }
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > lingerBytes) cut()
  })
  request.on('end', over)
  socket.on('close', over)
  request.resume()
}

const lingerMs = 2_000
const lingerBytes = 4 * 1_024 * 1_024
