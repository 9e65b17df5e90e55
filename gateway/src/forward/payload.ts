import type { IncomingMessage, ServerResponse } from 'node:http'
import { BodyTooLarge, type ProblemError } from '@portico/contracts'
import { declaredLength, hasBody, RequestBody, readWhole, smallBodyBytes } from './request-body.ts'

/** What is sent along with a request, and whether it could be sent once more. */
export class Payload {
  #whole: Buffer | null
  readonly #request: IncomingMessage | null
  readonly #response: ServerResponse | null
  readonly #limitBytes: number
  #askedToGoOn = false
  #stream: RequestBody | null = null
  bytes = 0

  private constructor(
    request: IncomingMessage | null,
    response: ServerResponse | null,
    whole: Buffer | null,
    limitBytes: number,
  ) {
    this.#request = request
    this.#response = response
    this.#whole = whole
    this.#limitBytes = limitBytes
  }

  /** Of what the gateway itself asks. */
  static of(body: Buffer | null): Payload {
    return new Payload(null, null, body, 0)
  }

  /** @throws BodyTooLarge when the declared length is over the limit: not a byte of it is read */
  static from(request: IncomingMessage, response: ServerResponse, limitBytes: number): Payload {
    if (!hasBody(request)) return none
    if (declaredLength(request) > limitBytes) throw BodyTooLarge()
    return new Payload(request, response, null, limitBytes)
  }

  /** What one attempt sends; each attempt asks anew. */
  next(): Buffer | RequestBody | null {
    if (this.#request === null || this.#whole !== null) return this.#whole
    this.#stream?.destroy()
    this.#askToGoOn()
    this.#stream = new RequestBody(this.#request, this.#limitBytes, bytes => {
      this.bytes += bytes
    })
    return this.#stream
  }

  /** Whether `next` can give the same bytes again. */
  get canRepeat(): boolean {
    return this.#request === null || this.#whole !== null || this.bytes === 0
  }

  /** Whether head and body go out in a single write. */
  get inOneWrite(): boolean {
    return this.#request === null || this.#whole !== null
  }

  get isEmpty(): boolean {
    return this.#request === null && this.#whole === null
  }

  /** Whether the client has sent all of it. */
  get isComplete(): boolean {
    return this.#request === null || this.#request.complete
  }

  /** Whether there is more to come and it is the client that is waited for, not whoever reads. */
  get awaitsClient(): boolean {
    return this.#request !== null && !this.#request.complete && !this.#request.isPaused()
  }

  /**
   * Reads a small body whole, if its length is declared; others are left to stream. A whole one can be sent twice, goes
   * out in one write, and its sender's slowness stays here.
   */
  gather(ready: (problem: ProblemError | null) => void): void {
    const request = this.#request
    const length = request === null ? -1 : declaredLength(request)
    if (request === null || length < 0 || length > smallBodyBytes) {
      ready(null)
      return
    }
    this.#askToGoOn()
    readWhole(request, this.#limitBytes, body => {
      this.#whole = body
      this.bytes = body?.length ?? 0
      ready(body === null ? BodyTooLarge() : null)
    })
  }

  /** RFC 9110, section 10.1.1: a client that expects it sends the body only once it is asked to. */
  #askToGoOn(): void {
    if (this.#askedToGoOn || this.#request?.headers.expect === undefined) return
    this.#askedToGoOn = true
    this.#response?.writeContinue()
  }
}

const none = Payload.of(null)
