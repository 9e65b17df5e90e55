import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Exchange } from './exchange.ts'
import { dropTheRest } from './request-body.ts'
import { addTrailers, breakOff } from './response.ts'
import type { Sink } from './sink.ts'
import type { AnswerHead, ForwardTarget, RawReply } from './target.ts'

const oneWriteBytes = 16 * 1_024
const exchangeOf = Symbol('exchange')
interface Response extends ServerResponse {
  [exchangeOf]?: Exchange
}

/** Writes a replica's answer straight into the client's response, no faster than the client reads. */
export class ClientSink implements Sink {
  readonly #request: IncomingMessage
  readonly #reply: RawReply
  readonly #response: Response
  readonly #onHead: ForwardTarget['onHead']
  /** What the edge put between: compression, a copy for the cache. */
  #through: Duplex | null = null
  /** Bytes of the declared length still to come; -1: not declared. */
  #left = -1
  #listensForDrain = false

  constructor(request: IncomingMessage, reply: RawReply, onHead: ForwardTarget['onHead']) {
    this.#request = request
    this.#reply = reply
    this.#response = reply.raw
    this.#onHead = onHead
  }

  /** From now on the exchange hears when the client leaves. Listeners are shared functions: nothing is made per request. */
  watch(exchange: Exchange): void {
    this.#response[exchangeOf] = exchange
    this.#response.on('close', onClose)
  }

  information(status: number, headers: string[]): void {
    const response = this.#response
    if (response.headersSent) return
    // HTTP/2 has its own way for the only one that matters; HTTP/1.0 knows none (RFC 9110, section 15.2).
    if (this.#request.httpVersionMajor >= 2) {
      const link = fieldOf(headers, 'link')
      if (status === 103 && link !== null) response.writeEarlyHints({ link })
    } else if (this.#request.httpVersionMinor > 0) response.writeInformation(status, headers)
  }

  head(status: number, headers: string[], exchange: Exchange): void {
    this.#reply.hijack()
    const response = this.#response
    let sent = status
    let fields = headers
    if (this.#onHead !== undefined) {
      const explanation = exchange.explanation()
      const head: AnswerHead = explanation === null ? { status, headers } : { status, headers, explanation }
      const through = this.#onHead(head)
      sent = head.status
      fields = head.headers
      if (through !== undefined) this.#putBetween(through, exchange)
    }
    exchange.status = sent
    response.writeHead(sent, fields)
    if (this.#through === null) this.#left = declared(fields)
    // An event stream's reader waits for the head, not for the first event.
    if (exchange.target.policy.flow === 'events') response.flushHeaders()
  }

  data(chunk: Buffer): boolean {
    if (this.#through !== null) return this.#through.write(chunk)
    const response = this.#response
    if (this.#left >= 0) {
      this.#left -= chunk.length
      // The last piece and the end together are one write to the socket; as text also together with the head, without a
      // vector of two: a tenth of a hello's time.
      if (this.#left === 0) {
        if (chunk.length > oneWriteBytes) response.end(chunk)
        else response.end(chunk.toString('latin1'), 'latin1')
        return true
      }
    }
    if (response.write(chunk)) return true
    if (!this.#listensForDrain) {
      this.#listensForDrain = true
      response.on('drain', onDrain)
    }
    return false
  }

  end(trailers: string[] | null): void {
    const response = this.#response
    if (trailers !== null && !response.writableEnded) addTrailers(response, trailers)
    if (this.#through !== null) this.#through.end()
    else if (!response.writableEnded) response.end()
    if (!this.#request.complete) dropTheRest(this.#request)
  }

  broken(): void {
    // Half an answer must not look like a whole one: the connection goes.
    this.#through?.destroy()
    breakOff(this.#response)
  }

  #putBetween(through: Duplex, exchange: Exchange): void {
    this.#through = through
    through.on('drain', () => exchange.resume())
    through.on('error', () => this.broken())
    through.pipe(this.#response)
  }
}

function onClose(this: Response): void {
  // Of HTTP/2's, the stream counts as finished also when the client reset it.
  this[exchangeOf]?.clientClosed(this.writableEnded && this.writableFinished)
}

function onDrain(this: Response): void {
  this[exchangeOf]?.resume()
}

function fieldOf(headers: readonly string[], name: string): string | null {
  for (let index = 0; index < headers.length; index += 2) if (headers[index] === name) return headers[index + 1] ?? null
  return null
}

function declared(headers: readonly string[]): number {
  const length = fieldOf(headers, 'content-length')
  return length === null ? -1 : Number(length)
}
