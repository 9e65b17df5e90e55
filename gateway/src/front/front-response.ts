import { EventEmitter } from 'node:events'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { bodyless, connectionText, framingFields, type HeadText, headText, keptHeadText } from './head-text.ts'

/** Who is told when the answer is out. */
export interface ResponseOwner {
  readonly socket: Socket
  readonly keepAliveMs: number
  /** All is written, but not taken yet. */
  flushing(): void
  ended(response: FrontResponse): void
}

const nothing = Buffer.alloc(0)

/**
 * The answer to a plain request, written straight to the connection, with the face of Node's `ServerResponse` as far as
 * edge and forwarder look at it: also to be piped into. Of HTTP/1.1 only: a body without a length goes out in chunks.
 *
 * Events: `drain`, `finish` when all of it was handed to the kernel, `close` after that or when the client has left.
 */
export class FrontResponse extends EventEmitter {
  statusCode = 200
  headersSent = false
  shouldKeepAlive = true
  writableEnded = false
  writableFinished = false
  destroyed = false
  readonly #owner: ResponseOwner
  readonly #isHead: boolean
  /** Written with the first bytes behind it. */
  #head = ''
  #hasBody = true
  #chunked = false
  #trailers = ''

  constructor(owner: ResponseOwner, isHead: boolean) {
    super()
    this.#owner = owner
    this.#isHead = isHead
  }

  get socket(): Socket {
    return this.#owner.socket
  }

  get writableNeedDrain(): boolean {
    return this.#owner.socket.writableNeedDrain
  }

  /** @param fields flat; what they say of the connection is heeded, what they say of framing is ours to say */
  writeHead(status: number, fields: readonly string[] = []): this {
    return this.#begin(status, headText(fields) ?? headText(this.#withoutFraming(fields)))
  }

  /** As `writeHead`, of a head that is given again and again. */
  writeKeptHead(status: number, same: readonly string[], own: readonly string[]): void {
    const text = keptHeadText(same, own)
    if (text === null) this.writeHead(status, [...same, ...own])
    else this.#begin(status, text)
  }

  writeInformation(status: number, fields: readonly string[] = []): void {
    const read = headText(this.#withoutFraming(fields))
    if (read === null) throw invalid()
    this.#owner.socket.write(`${statusLine(status)}${read.text}\r\n`, 'latin1')
  }

  addTrailers(pairs: readonly (readonly [string, string])[]): void {
    const read = headText(pairs.flatMap(([name, value]) => [name.toLowerCase(), value]))
    if (read === null) throw invalid()
    this.#trailers += read.text
  }

  flushHeaders(): void {
    if (this.#head !== '') this.#write(nothing)
  }

  /** @returns false: wait for `drain` */
  write(chunk: Buffer | string, encoding: BufferEncoding = 'utf8'): boolean {
    if (this.writableEnded || this.destroyed) return false
    if (!this.headersSent) this.writeHead(200)
    if (!this.#hasBody || chunk.length === 0) return true
    return this.#write(typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk)
  }

  end(chunk: Buffer | string = nothing, encoding: BufferEncoding = 'utf8'): this {
    if (this.writableEnded || this.destroyed) return this
    if (!this.headersSent) this.writeHead(200)
    const { socket } = this.#owner
    // Head and a text of known length: one string, one write, and nothing between.
    if (typeof chunk === 'string' && encoding === 'latin1' && !this.#chunked) {
      const text = this.#hasBody ? this.#head + chunk : this.#head
      this.#head = ''
      if (text !== '') socket.write(text, 'latin1')
    } else {
      socket.cork()
      this.write(chunk, encoding)
      this.flushHeaders()
      if (this.#chunked) socket.write(`0\r\n${this.#trailers}\r\n`, 'latin1')
      socket.uncork()
    }
    this.writableEnded = true
    if (socket.writableLength === 0) this.#finish()
    else {
      this.#owner.flushing()
      socket.write(nothing, error => {
        if (!error) this.#finish()
      })
    }
    return this
  }

  /** The connection goes, so that half an answer looks like half of one. */
  destroy(): this {
    this.destroyed = true
    this.#owner.socket.destroy()
    return this
  }

  /** The connection is gone. */
  closed(): void {
    if (this.writableFinished) return
    this.destroyed = true
    this.emit('close')
  }

  #begin(status: number, read: HeadText | null): this {
    if (this.headersSent) throw Object.assign(new Error('The head is out already.'), { code: 'ERR_HTTP_HEADERS_SENT' })
    if (read === null || !(status >= 200 && status <= 999)) throw invalid()
    this.statusCode = status
    this.headersSent = true
    this.#hasBody = !this.#isHead && !bodyless.has(status)
    this.#chunked = this.#hasBody && read.length < 0
    const date = read.hasDate ? '' : `Date: ${new Date().toUTCString()}\r\n`
    const coding = this.#chunked ? 'Transfer-Encoding: chunked\r\n' : ''
    const connection = connectionText(this.shouldKeepAlive, this.#owner.keepAliveMs)
    this.#head = `${statusLine(status)}${read.text}${date}${connection}${coding}\r\n`
    return this
  }

  /** What a service says of its connection was taken out before: here it is the edge that wants ours closed. */
  #withoutFraming(fields: readonly string[]): string[] {
    const kept: string[] = []
    for (let index = 0; index < fields.length; index += 2) {
      const name = String(fields[index]).toLowerCase()
      const value = fields[index + 1] ?? ''
      if (name === 'connection' && value.toLowerCase() === 'close') this.shouldKeepAlive = false
      if (!framingFields.has(name)) kept.push(name, value)
    }
    return kept
  }

  #write(chunk: Buffer): boolean {
    const { socket } = this.#owner
    socket.cork()
    if (this.#head !== '') socket.write(this.#head, 'latin1')
    this.#head = ''
    if (chunk.length > 0) {
      if (this.#chunked) socket.write(`${chunk.length.toString(16)}\r\n`, 'latin1')
      socket.write(chunk)
      if (this.#chunked) socket.write('\r\n', 'latin1')
    }
    socket.uncork()
    return !socket.writableNeedDrain
  }

  #finish(): void {
    if (this.writableFinished || this.destroyed) return
    this.writableFinished = true
    this.#owner.ended(this)
    if (this.listenerCount('finish') > 0 || this.listenerCount('close') > 0) process.nextTick(tellOfEnd, this)
  }
}

function tellOfEnd(response: FrontResponse): void {
  response.emit('finish')
  response.emit('close')
}

const statusLine = (status: number) => `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'unknown'}\r\n`

const invalid = () => Object.assign(new TypeError('This head cannot be written.'), { code: 'ERR_INVALID_CHAR' })
