import type { IncomingHttpHeaders } from 'node:http'
import type { Socket } from 'node:net'
import type { RequestHead } from './request-head.ts'

/** A plain request, with the face that Node's have, as far as a request without a body needs one. */
export class FrontRequest {
  readonly method: 'GET' | 'HEAD'
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly rawHeaders: string[]
  readonly socket: Socket
  readonly httpVersion = '1.1'
  readonly httpVersionMajor = 1
  readonly httpVersionMinor = 1
  /** There is no body to wait for. */
  readonly complete = true

  constructor({ method, url, headers, rawHeaders }: RequestHead, socket: Socket) {
    this.method = method
    this.url = url
    this.headers = headers
    this.rawHeaders = rawHeaders
    this.socket = socket
  }
}
