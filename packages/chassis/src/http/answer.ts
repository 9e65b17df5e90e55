export interface AnswerOptions {
  /** Default: the contract's first 2xx. */
  status?: number
  headers?: Readonly<Record<string, string>>
}

/**
 * A body with a status and header fields of its own. A class and not a bare `{ body }`: posts and comments have a `body`
 * too.
 */
export class Answer<Body> {
  readonly body: Body
  readonly status: number | undefined
  readonly headers: Readonly<Record<string, string>>

  constructor(body: Body, { status, headers = {} }: AnswerOptions = {}) {
    this.body = body
    this.status = status
    this.headers = headers
  }
}

/** @example return answer(present(post), { headers: { etag: etagOf(post.version) } }) */
export function answer<Body>(body: Body, options?: AnswerOptions): Answer<Body> {
  return new Answer(body, options)
}

/** 201 with the `Location` of what was made. */
export function created<Body>(
  location: string,
  body: Body,
  headers: Readonly<Record<string, string>> = {},
): Answer<Body> {
  return new Answer(body, { status: 201, headers: { ...headers, location } })
}

/** 204: done, nothing to tell. */
export function noContent(headers: Readonly<Record<string, string>> = {}): Answer<null> {
  return new Answer(null, { status: 204, headers })
}
