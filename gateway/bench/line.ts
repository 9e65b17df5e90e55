import { connect } from 'node:net'
import { performance } from 'node:perf_hooks'

/** @param status 0: the connection broke */
type Answered = (status: number, sentAtMs: number) => void

/** One connection of a client, with at most one request on it. Reads as little of an answer as telling its end takes. */
export class Line {
  readonly opened: Promise<void>
  usable = true
  readonly #socket
  readonly #request: Buffer
  #answered: Answered | null = null
  #sentAtMs = 0
  #head = ''
  #status = 0
  /** Bytes of the body still to come; -1: chunked. */
  #left = 0
  #closes = false

  constructor(port: number, request: Buffer) {
    this.#request = request
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.opened = new Promise(resolve => {
      this.#socket.once('connect', resolve).once('error', () => resolve())
    })
    this.#socket.on('data', (chunk: Buffer) => this.#read(chunk))
    this.#socket.on('error', () => {})
    this.#socket.on('close', () => {
      this.usable = false
      this.#end(0)
    })
  }

  ask(answered: Answered): void {
    this.#answered = answered
    this.#sentAtMs = performance.now()
    if (this.usable) this.#socket.write(this.#request)
    else this.#end(0)
  }

  #read(chunk: Buffer): void {
    let from = 0
    if (this.#status === 0) {
      this.#head += chunk.toString('latin1')
      const end = this.#head.indexOf('\r\n\r\n')
      if (end < 0) return
      from = chunk.length - (this.#head.length - end - 4)
      this.#readHead(this.#head.slice(0, end).toLowerCase())
    }
    if (this.#left >= 0) this.#left -= chunk.length - from
    const whole = this.#left < 0 ? chunk.toString('latin1', chunk.length - 5) === '0\r\n\r\n' : this.#left === 0
    if (!whole) return
    if (this.#closes) {
      this.usable = false
      this.#socket.destroy()
    }
    this.#end(this.#status)
  }

  #readHead(head: string): void {
    this.#status = Number(head.slice(9, 12))
    const length = /\r\ncontent-length: *(\d+)/.exec(head)
    this.#left = length === null ? -1 : Number(length[1])
    this.#closes = head.includes('\r\nconnection: close')
  }

  #end(status: number): void {
    const answered = this.#answered
    this.#answered = null
    this.#head = ''
    this.#status = 0
    answered?.(status, this.#sentAtMs)
  }
}
