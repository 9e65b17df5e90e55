import type { Static, TSchema } from 'typebox'
import { Value } from 'typebox/value'

/** What came back, read to its end. */
export interface Answer {
  readonly method: string
  readonly path: string
  readonly status: number
  readonly headers: Headers
  readonly bytes: Uint8Array
  /** The body as JSON; undefined when it is none. */
  readonly json: unknown
  /** Of the request's trace, as the gateway told it. */
  readonly traceId: string
}

export interface Sent {
  /** An object goes as JSON, a form as multipart, text and bytes as they are. */
  readonly body?: unknown
  readonly headers?: Record<string, string>
  readonly withinMs?: number
}

/** The front door of a running system, as one person uses it: plain `fetch`, and nothing of ours in between. */
export interface Door {
  send(method: string, path: string, sent?: Sent): Promise<Answer>
  get(path: string, sent?: Sent): Promise<Answer>
  post(path: string, body?: unknown, sent?: Sent): Promise<Answer>
  put(path: string, sent?: Sent): Promise<Answer>
  patch(path: string, body: unknown, sent?: Sent): Promise<Answer>
  /** The same door for whoever has this token. */
  as(token: string): Door
  /** Every answer that came through this door and those made of it. */
  readonly answers: readonly Answer[]
}

const limitMs = 15_000

export function openDoor(url: string, token: string | null = null, answers: Answer[] = []): Door {
  async function send(method: string, path: string, sent: Sent = {}): Promise<Answer> {
    const { body, type } = encode(sent.body)
    const response = await fetch(`${url}${path}`, {
      method,
      redirect: 'manual',
      signal: AbortSignal.timeout(sent.withinMs ?? limitMs),
      headers: {
        ...(type === null ? {} : { 'content-type': type }),
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...sent.headers,
      },
      ...(body === undefined ? {} : { body }),
    })
    const bytes = await response.bytes()
    const { status, headers } = response
    const traceId = traceIdIn(headers)
    const answer = { method, path, status, headers, bytes, json: parsed(headers, bytes), traceId }
    answers.push(answer)
    return answer
  }
  return {
    send,
    get: (path, sent) => send('GET', path, sent),
    post: (path, body, sent) => send('POST', path, { ...sent, body }),
    put: (path, sent) => send('PUT', path, sent),
    patch: (path, body, sent) => send('PATCH', path, { ...sent, body }),
    as: other => openDoor(url, other, answers),
    answers,
  }
}

/** Every answer names its trace, and one trace. */
function traceIdIn(headers: Headers): string {
  const field = headers.get('server-timing') ?? ''
  const ids = [...field.matchAll(/traceparent;desc="00-([0-9a-f]{32})-[0-9a-f]{16}-0[01]"/g)].map(([, id = '']) => id)
  if (ids.length === 1 && ids[0]) return ids[0]
  throw new Error(`Server-Timing names ${ids.length} traces: ${field}`)
}

/** The body, checked against the contract. @throws when the status or the body is another one */
export function expectBody<Schema extends TSchema>(answer: Answer, status: number, schema: Schema): Static<Schema> {
  expectStatus(answer, status)
  if (Value.Check(schema, answer.json)) return answer.json
  const [first] = Value.Errors(schema, answer.json)
  throw new Error(`${answer.method} ${answer.path}: not as in its contract: ${JSON.stringify(first)}`)
}

/** @throws when the status is another one */
export function expectStatus(answer: Answer, status: number): Answer {
  if (answer.status === status) return answer
  const body = new TextDecoder().decode(answer.bytes.subarray(0, 1_000))
  throw new Error(`${answer.method} ${answer.path}: ${answer.status} instead of ${status}: ${body}`)
}

function encode(body: unknown): { body: string | Blob | FormData | undefined; type: string | null } {
  if (body === undefined) return { body: undefined, type: null }
  if (body instanceof FormData) return { body, type: null }
  if (typeof body === 'string' || body instanceof Blob) return { body, type: null }
  return { body: JSON.stringify(body), type: 'application/json' }
}

function parsed(headers: Headers, bytes: Uint8Array): unknown {
  if (!/\bjson\b/.test(headers.get('content-type') ?? '')) return undefined
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return undefined
  }
}
