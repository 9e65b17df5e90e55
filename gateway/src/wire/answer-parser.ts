import { readAnswerHead, readTrailer, untilChunk, untilClose } from './answer-head.ts'
import { WireError } from './call.ts'

/** Who is told what an answer consists of. */
export interface AnswerReceiver {
  information(status: number, fields: string[]): void
  head(status: number, fields: string[]): void
  /** A part of the body; the bytes are only there until this returns. */
  data(bytes: Buffer, from: number, to: number): void
  /** @param keepAliveMs what the replica promises to keep the connection for; 0: it said nothing; -1: it cannot be used again */
  end(trailers: string[] | null, keepAliveMs: number): void
}

const state = { idle: 0, head: 1, body: 2, chunkSize: 3, chunk: 4, chunkEnd: 5, trailers: 6, rest: 7 } as const
type State = (typeof state)[keyof typeof state]

const endOfHead = Buffer.from('\r\n\r\n')
const mostHeadBytes = 64 * 1_024
const mostLineBytes = 4 * 1_024
const mostTrailerBytes = 16 * 1_024
const lineFeed = 0x0a
const carriageReturn = 0x0d
const chunkSize = /^[0-9a-f]{1,12}(?:[\t ]*;[\t\x20-\x7e\x80-\xff]*)?$/i

/**
 * Takes answers of HTTP/1.1 apart as their bytes come, strictly (RFC 9112): what two readers could read differently is an
 * error, and so are bytes that nobody asked for. A head that comes in one piece, as nearly all do, is found by one search
 * and checked by one look; undici's parser, compiled to WebAssembly, copies each byte twice and makes a string of each
 * name and value: 4 us an answer where this takes 1.5.
 */
export class AnswerParser {
  readonly #receiver: AnswerReceiver
  #state: State = state.idle
  #method = ''
  /** Text of a head or a line whose end has not come. */
  #pending = ''
  /** Bytes of the body or of the chunk that are still to come. */
  #left = 0
  #keepAliveMs = 0
  #trailers: string[] | null = null
  #trailerBytes = 0

  constructor(receiver: AnswerReceiver) {
    this.#receiver = receiver
  }

  /** A request of this method is on its way: the next bytes answer it. */
  expect(method: string): void {
    this.#method = method
    this.#state = state.head
    this.#pending = ''
    this.#trailers = null
    this.#trailerBytes = 0
  }

  /** Throws a WireError. */
  execute(bytes: Buffer, length: number): void {
    let at = 0
    while (at < length) {
      switch (this.#state) {
        case state.idle:
          throw bad('bytes that nobody asked for')
        case state.head:
          at = this.#readHead(bytes, at, length)
          break
        case state.body:
        case state.chunk:
          at = this.#readBody(bytes, at, length)
          break
        case state.rest:
          this.#receiver.data(bytes, at, length)
          return
        default:
          at = this.#readLine(bytes, at, length)
      }
    }
  }

  /** The replica will send nothing more. Throws a WireError when an answer is not whole. */
  finish(): void {
    if (this.#state === state.rest) this.#end()
    else if (this.#state !== state.idle) throw new WireError('ANSWER_BROKE_OFF', 'The connection was closed.')
  }

  #readHead(bytes: Buffer, from: number, length: number): number {
    if (this.#pending === '') {
      const end = bytes.indexOf(endOfHead, from)
      if (end >= 0 && end + 4 <= length) {
        this.#takeHead(bytes.toString('latin1', from, end + 2))
        return end + 4
      }
    }
    const before = this.#pending.length
    const text = this.#pending + bytes.toString('latin1', from, length)
    const end = text.indexOf('\r\n\r\n', Math.max(0, before - 3))
    if (end < 0) {
      if (text.length > mostHeadBytes) throw bad('a head without end')
      this.#pending = text
      return length
    }
    this.#pending = ''
    this.#takeHead(text.slice(0, end + 2))
    return from + end + 4 - before
  }

  #takeHead(text: string): void {
    if (text.length > mostHeadBytes) throw bad('a head without end')
    const { status, fields, length, reusable, keepAliveMs } = readAnswerHead(text, this.#method)
    if (status < 200) {
      if (status === 101) throw bad('a change of protocol that nobody asked for')
      // Nobody waits for leave to send a body.
      if (status !== 100) this.#receiver.information(status, fields)
      return
    }
    this.#keepAliveMs = reusable ? keepAliveMs : -1
    this.#left = length
    this.#state = length === untilChunk ? state.chunkSize : length === untilClose ? state.rest : state.body
    this.#receiver.head(status, fields)
    if (length === 0) this.#end()
  }

  #readBody(bytes: Buffer, from: number, length: number): number {
    const to = Math.min(length, from + this.#left)
    this.#left -= to - from
    const isOver = this.#left === 0
    const isChunk = this.#state === state.chunk
    this.#receiver.data(bytes, from, to)
    if (isOver && isChunk) this.#state = state.chunkEnd
    else if (isOver) this.#end()
    return to
  }

  #readLine(bytes: Buffer, from: number, length: number): number {
    const end = bytes.indexOf(lineFeed, from)
    if (end < 0 || end >= length) {
      this.#pending += bytes.toString('latin1', from, length)
      if (this.#pending.length > mostLineBytes) throw bad('a line without end')
      return length
    }
    const line = this.#pending + bytes.toString('latin1', from, end)
    this.#pending = ''
    if (line.charCodeAt(line.length - 1) !== carriageReturn) throw bad('a line without its CR')
    this.#takeLine(line.slice(0, -1))
    return end + 1
  }

  #takeLine(line: string): void {
    if (this.#state === state.chunkEnd) {
      if (line !== '') throw bad('a chunk longer than it said')
      this.#state = state.chunkSize
    } else if (this.#state === state.chunkSize) {
      if (line.length > mostLineBytes || !chunkSize.test(line)) throw bad('no size of a chunk')
      this.#left = Number.parseInt(line, 16)
      this.#state = this.#left === 0 ? state.trailers : state.chunk
    } else if (line === '') this.#end()
    else {
      this.#trailerBytes += line.length
      if (this.#trailerBytes > mostTrailerBytes) throw bad('trailers without end')
      this.#trailers ??= []
      readTrailer(line, this.#trailers)
    }
  }

  #end(): void {
    const trailers = this.#trailers
    this.#state = state.idle
    this.#trailers = null
    this.#receiver.end(trailers === null || trailers.length === 0 ? null : trailers, this.#keepAliveMs)
  }
}

const bad = (what: string) => new WireError('BAD_ANSWER', what)
