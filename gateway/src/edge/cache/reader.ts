import type { ServerResponse } from 'node:http'
import type { Duplex, Writable } from 'node:stream'
import { addTrailers, breakOff } from '../../forward/response.ts'
import { fieldOf } from './fields.ts'

/** The body of an answer on its way in, as those who read it see it. */
export interface Incoming {
  readonly chunks: Buffer[]
  readonly ended: boolean
  /** Flat. */
  readonly trailers: readonly string[] | null
  /** A reader took something: there is room for more. */
  taken(reader: Reader): void
  /** A reader has everything, or left. */
  left(reader: Reader): void
}

/** Writes an answer that is still coming in to one client, at that client's own pace. */
export class Reader {
  bytes = 0
  /** How many of the chunks it has written. */
  index = 0
  status = 0
  isOver = false
  readonly response: ServerResponse
  readonly #incoming: Incoming
  readonly #over: (reader: Reader) => void
  #out: Writable
  #blocked = false
  /** Of the declared length; -1: not declared. */
  #leftBytes = -1

  /** @param over called once, when all is written or the client has left */
  constructor(response: ServerResponse, incoming: Incoming, over: (reader: Reader) => void) {
    this.response = response
    this.#incoming = incoming
    this.#over = over
    this.#out = response
    response.on('close', () => this.#finish())
  }

  /** @param through what the edge puts between: compression */
  begin(status: number, headers: string[], through: Duplex | null): void {
    this.status = status
    this.response.writeHead(status, headers)
    if (through !== null) {
      this.#out = through
      through.on('error', () => this.destroy())
      through.pipe(this.response)
    }
    this.#out.on('drain', () => {
      this.#blocked = false
      this.pump()
    })
    const length = fieldOf(headers, 'content-length')
    if (length !== undefined) this.#leftBytes = Number(length)
  }

  pump(): void {
    const { chunks } = this.#incoming
    while (!this.isOver && !this.#blocked && this.index < chunks.length) {
      const chunk = chunks[this.index]
      this.index += 1
      if (chunk !== undefined) this.#write(chunk)
    }
    if (this.isOver) return
    this.#incoming.taken(this)
    if (this.#incoming.ended && this.index >= chunks.length && !this.#blocked) this.#end()
  }

  /** Half an answer must not look like a whole one. */
  destroy(): void {
    breakOff(this.response)
  }

  #write(chunk: Buffer): void {
    this.bytes += chunk.length
    this.#leftBytes -= chunk.length
    if (this.#leftBytes === 0) {
      // The last piece and the end together are one write to the socket.
      this.#out.end(chunk)
      this.#finish()
    } else if (!this.#out.write(chunk)) this.#blocked = true
  }

  #end(): void {
    const { trailers } = this.#incoming
    if (trailers !== null && !this.response.writableEnded && this.#leftBytes < 0) addTrailers(this.response, trailers)
    this.#out.end()
    this.#finish()
  }

  #finish(): void {
    if (this.isOver) return
    this.isOver = true
    this.#over(this)
    this.#incoming.left(this)
  }
}
