import { ServerResponse, STATUS_CODES } from 'node:http'

// RFC 9110, sections 5.5 and 5.6.2: what a field's value may not hold, and what its name may, here in lower case only.
const notInValue = /[^\t\x20-\x7e\x80-\xff]/
const isLowerToken = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/

/** What decides how the answer ends, or how the connection goes on: Node's own code knows the rules. */
const framing: ReadonlySet<string> = new Set([
  'connection',
  'expect',
  'keep-alive',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

const bodyless: ReadonlySet<number> = new Set([204, 304])

/**
 * Node's response, with a shorter way for the usual head: flat, with its date and length, on a connection that stays or
 * closes as it stands. Node copies such a list through five functions a field, which was measured to be a third of all that a
 * kept answer costs beyond a bare hello. Whatever is not usual takes Node's own way.
 *
 * It sets what Node's own `_storeHeader` sets, private by name and unchanged for ten years; a test compares the bytes of
 * both ways.
 */
export class EdgeResponse extends ServerResponse {
  declare _header: string | null
  declare _headerSent: boolean
  declare _contentLength: number | null
  declare _expect_continue: boolean
  declare _keepAliveTimeout: number
  declare _last: boolean

  override writeHead(status: number, ...rest: unknown[]): this {
    const fields = rest[0]
    if (rest.length === 1 && Array.isArray(fields) && this.#writeUsual(status, readFields(fields))) return this
    return (super.writeHead as (status: number, ...rest: unknown[]) => this).call(this, status, ...rest)
  }

  /**
   * The head of an answer that is given again and again.
   *
   * @param same what all of them have, date and length among it
   * @param own the fields of this one
   */
  writeKeptHead(status: number, same: readonly string[], own: readonly string[]): void {
    let kept = keptFields.get(same)
    if (kept === undefined) {
      kept = readFields(same)
      keptFields.set(same, kept)
    }
    const more = readFields(own)
    const joined = kept === null || more === null ? null : { ...kept, text: kept.text + more.text }
    if (!this.#writeUsual(status, joined)) super.writeHead(status, [...same, ...own])
  }

  /** @returns false, with nothing done, when the head is no usual one */
  #writeUsual(status: number, fields: Fields | null): boolean {
    const reason = STATUS_CODES[status]
    if (fields === null || fields.length < 0 || !fields.hasDate || reason === undefined) return false
    if (status < 200 || bodyless.has(status) || this._header || this._expect_continue) return false
    this.statusCode = status
    this.statusMessage = reason
    this._contentLength = fields.length
    this._header = `HTTP/1.1 ${status} ${reason}\r\n${fields.text}${this.#connectionFields()}`
    this._headerSent = false
    return true
  }

  #connectionFields(): string {
    if (!this.shouldKeepAlive) {
      this._last = true
      return 'Connection: close\r\n\r\n'
    }
    if (this._keepAliveTimeout <= 0) return 'Connection: keep-alive\r\n\r\n'
    return `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(this._keepAliveTimeout / 1_000)}\r\n\r\n`
  }
}

/** As `EdgeResponse` does it, or as the version of HTTP behind another class can. */
export function writeKeptHead(
  response: ServerResponse,
  status: number,
  same: readonly string[],
  own: readonly string[],
): void {
  if (response instanceof EdgeResponse) response.writeKeptHead(status, same, own)
  else response.writeHead(status, [...same, ...own])
}

interface Fields {
  /** A line each. */
  readonly text: string
  /** As `content-length` says it; -1: it says nothing that is a number. */
  readonly length: number
  readonly hasDate: boolean
}

/** Of heads that never change: put together once. */
const keptFields = new WeakMap<readonly string[], Fields | null>()

/** Null: for Node to decide, which takes more kinds of heads, and refuses what is none. */
function readFields(fields: readonly string[]): Fields | null {
  let text = ''
  let length = -1
  let hasDate = false
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] ?? ''
    const value = fields[index + 1]
    if (typeof value !== 'string' || notInValue.test(value) || !isLowerToken.test(name) || framing.has(name))
      return null
    if (name === 'content-length') length = /^\d+$/.test(value) ? Number(value) : -1
    else if (name === 'date') hasDate = true
    text += `${name}: ${value}\r\n`
  }
  return { text, length, hasDate }
}
