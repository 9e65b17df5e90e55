import { ServerResponse, STATUS_CODES } from 'node:http'
import { FrontResponse } from '../front/front-response.ts'
import { bodyless, connectionText, type HeadText, headText, keptHeadText } from '../front/head-text.ts'

/**
 * Node's response, with a shorter way for the usual head: flat, with its date and length, on a connection that stays or
 * closes as it stands. Node copies such a list through five functions a field, which was measured to be a tenth of a hello.
 * Whatever is not usual takes Node's own way.
 *
 * It sets what Node's own `_storeHeader` sets, private by name and unchanged for ten years; a test compares the bytes of
 * both ways.
 */
export class EdgeResponse extends ServerResponse {
  declare _header: string | null
  declare _headerSent: boolean
  declare _contentLength: number | null
  declare _expect_continue: boolean
  declare _hasBody: boolean
  declare _keepAliveTimeout: number
  declare _last: boolean

  override writeHead(status: number, ...rest: unknown[]): this {
    const fields = rest[0]
    if (rest.length === 1 && Array.isArray(fields) && this.#writeUsual(status, headText(fields))) return this
    // To HEAD, Node throws at a service that announces the trailers of its GET.
    const known = !this._hasBody && Array.isArray(fields) ? [withoutTrailer(fields), ...rest.slice(1)] : rest
    return (super.writeHead as (status: number, ...rest: unknown[]) => this).call(this, status, ...known)
  }

  /**
   * The head of an answer that is given again and again.
   *
   * @param same what all of them have, date and length among it
   * @param own the fields of this one
   */
  writeKeptHead(status: number, same: readonly string[], own: readonly string[]): void {
    if (!this.#writeUsual(status, keptHeadText(same, own))) super.writeHead(status, [...same, ...own])
  }

  /** @returns false, with nothing done, when the head is no usual one */
  #writeUsual(status: number, read: HeadText | null): boolean {
    const reason = STATUS_CODES[status]
    if (read === null || read.length < 0 || !read.hasDate || reason === undefined) return false
    if (status < 200 || bodyless.has(status) || this._header || this._expect_continue) return false
    this.statusCode = status
    this.statusMessage = reason
    this._contentLength = read.length
    if (!this.shouldKeepAlive) this._last = true
    const connection = connectionText(this.shouldKeepAlive, this._keepAliveTimeout)
    this._header = `HTTP/1.1 ${status} ${reason}\r\n${read.text}${connection}\r\n`
    this._headerSent = false
    return true
  }
}

function withoutTrailer(fields: readonly string[]): string[] {
  const at = fields.findIndex((name, index) => index % 2 === 0 && name === 'trailer')
  return at < 0 ? [...fields] : withoutTrailer(fields.toSpliced(at, 2))
}

/** As `EdgeResponse` does it, or as the class behind another way in can. */
export function writeKeptHead(
  response: ServerResponse,
  status: number,
  same: readonly string[],
  own: readonly string[],
): void {
  const usual = response as ServerResponse | FrontResponse
  if (usual instanceof EdgeResponse || usual instanceof FrontResponse) usual.writeKeptHead(status, same, own)
  else response.writeHead(status, [...same, ...own])
}
