/**
 * One request to a replica and what becomes of it. Fields are flat lists, `[name, value, …]`, names in lower case, without
 * those that concern only the connection (RFC 9110, section 7.6.1).
 */
export interface Call {
  readonly method: string
  readonly path: string
  /** Goes out as it is, behind the replica's own `host`. */
  readonly headers: readonly string[]
  /** Whole: it goes out with the head. */
  readonly body: Buffer | null
  /** Over a connection that nothing was sent over yet. */
  readonly fresh: boolean

  /**
   * It waits for this connection to open, or is written at once: `onSent` tells when.
   *
   * @param used whether it has carried a request before: the replica may be closing it just now
   */
  onTaken(control: Control, used: boolean): void
  onSent(): void
  /** 1xx, never 100 or 101. */
  onInformation(status: number, fields: string[]): void
  onHead(status: number, fields: string[]): void
  /** The bytes are the receiver's to keep. */
  onData(chunk: Buffer): void
  onEnd(trailers: string[] | null): void
  /** Once, instead of `onEnd`; not after `abort`. */
  onError(error: NodeJS.ErrnoException): void
}

export interface Control {
  /** Nothing more is read, beyond what has been. */
  pause(): void
  resume(): void
  /** Closes the connection: HTTP/1.1 has no other way to say that an answer is not wanted. */
  abort(reason?: Error): void
}

/** An answer that is not HTTP/1.1, or broke off. */
export class WireError extends Error {
  override readonly name = 'WireError'
  readonly code: 'BAD_ANSWER' | 'ANSWER_BROKE_OFF' | 'CONNECT_TIMEOUT' | 'BAD_REQUEST_FIELD'

  constructor(code: WireError['code'], message: string) {
    super(message)
    this.code = code
  }
}
