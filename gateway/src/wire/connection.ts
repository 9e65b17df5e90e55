import { connect, isIP, type OnReadOpts, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { AnswerParser, type AnswerReceiver } from './answer-parser.ts'
import { type Call, type Control, WireError } from './call.ts'
import { requestHead } from './request-head.ts'

/** Where a replica listens. */
export interface Place {
  readonly hostname: string
  readonly port: number
  readonly secure: boolean
  /** As `Host` names it. */
  readonly host: string
}

/** Who is told what becomes of a connection. */
export interface ConnectionOwner {
  readonly place: Place
  readonly connectTimeoutMs: number
  /** All connections read into the same buffer, one after the other: what is kept of it is copied. */
  readonly buffer: Buffer
  /** @param keepAliveMs for how long the replica keeps it; 0: it did not say */
  free(connection: Connection, keepAliveMs: number): void
  gone(connection: Connection): void
}

/** Up to this head and body go out as one string, which the kernel gets in one piece without a buffer being made. */
const oneWriteBytes = 16 * 1_024

/** One connection to a replica, with one request on its way at a time. */
export class Connection implements Control, AnswerReceiver {
  /** On the owner's clock: until when it may wait for work. */
  idleUntilMs = 0
  readonly #owner: ConnectionOwner
  readonly #socket: Socket
  readonly #parser = new AnswerParser(this)
  #call: Call | null = null
  #connected = false
  #used = false

  constructor(owner: ConnectionOwner) {
    this.#owner = owner
    const { hostname, port, secure } = owner.place
    // Bytes are handed over as they are read: the stream's machinery would cost as much as the parser.
    const onread: OnReadOpts = { buffer: owner.buffer, callback: length => this.#read(length) }
    const options = { host: hostname, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000, onread }
    // RFC 6066, section 3: an address is no server name. The certificate is verified against it all the same.
    const named = isIP(hostname) === 0 ? { servername: hostname } : {}
    this.#socket = secure ? connectTls({ ...options, ...named }) : connect(options)
    this.#socket.once(secure ? 'secureConnect' : 'connect', () => this.#opened())
    this.#socket.setTimeout(owner.connectTimeoutMs, () =>
      this.#break(new WireError('CONNECT_TIMEOUT', 'The replica takes no connection.')),
    )
    this.#socket.on('end', () => this.#ended())
    this.#socket.on('error', error => this.#break(error))
    this.#socket.on('close', () => this.#break(new WireError('ANSWER_BROKE_OFF', 'The connection was closed.')))
  }

  /** Sends the request, as soon as the connection is open. */
  take(call: Call): void {
    this.#call = call
    call.onTaken(this, this.#used)
    if (this.#connected) this.#send(call)
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  abort(): void {
    this.#call = null
    this.destroy()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #opened(): void {
    this.#connected = true
    this.#socket.setTimeout(0)
    if (this.#call !== null) this.#send(this.#call)
  }

  #send(call: Call): void {
    const { body } = call
    let head: string
    try {
      head = requestHead(call, this.#owner.place.host)
    } catch (error) {
      // Nothing was written: the connection is as good as before.
      this.#call = null
      this.#owner.free(this, 0)
      call.onError(error as WireError)
      return
    }
    call.onSent()
    this.#parser.expect(call.method)
    if (body === null) this.#socket.write(head, 'latin1')
    else if (head.length + body.length <= oneWriteBytes) this.#socket.write(head + body.toString('latin1'), 'latin1')
    else {
      this.#socket.cork()
      this.#socket.write(head, 'latin1')
      this.#socket.write(body)
      this.#socket.uncork()
    }
  }

  #read(length: number): boolean {
    if (this.#socket.destroyed) return false
    try {
      this.#parser.execute(this.#owner.buffer, length)
    } catch (error) {
      this.#break(error as WireError)
    }
    return true
  }

  #ended(): void {
    try {
      this.#parser.finish()
    } catch (error) {
      this.#break(error as WireError)
    }
    this.destroy()
  }

  /** Also what was thrown by whoever was told of the answer: it is one request's end, not the process's. */
  #break(error: NodeJS.ErrnoException): void {
    const call = this.#call
    this.#call = null
    this.#owner.gone(this)
    this.destroy()
    call?.onError(error)
  }

  information(status: number, fields: string[]): void {
    this.#call?.onInformation(status, fields)
  }

  head(status: number, fields: string[]): void {
    this.#call?.onHead(status, fields)
  }

  data(bytes: Buffer, from: number, to: number): void {
    if (this.#call === null) return
    const chunk = Buffer.allocUnsafe(to - from)
    bytes.copy(chunk, 0, from, to)
    this.#call.onData(chunk)
  }

  end(trailers: string[] | null, keepAliveMs: number): void {
    const call = this.#call
    if (call === null) return
    this.#call = null
    this.#used = true
    // An answer that came before the request was sent whole: what is still on its way would be read as the next one.
    if (keepAliveMs < 0 || this.#socket.writableLength > 0) this.destroy()
    else this.#owner.free(this, keepAliveMs)
    call.onEnd(trailers)
  }
}
