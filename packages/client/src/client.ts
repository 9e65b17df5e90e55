import { type Operation, type Problem, ProblemError } from '@portico/contracts'
import { type LooseInput, requestOf } from './request.ts'
import { defaultRetry, isTransient, pause, type RetryPolicy, waitBeforeMs } from './retry.ts'
import { type Session, type Tokens, tokenSession } from './session.ts'
import type { Client, Operations, Reply } from './types.ts'

export interface ClientOptions<Offered extends Operations> {
  /** Where the gateway is: `https://api.example.org`. */
  baseUrl: string
  /** What it may be asked: the modules of `@portico/contracts/<service>`, spread together. */
  operations: Offered
  /** Absent: cookies, as the browser keeps them. */
  session?: Session
  retry?: RetryPolicy
  fetch?: typeof fetch
}

/**
 * A function for each operation, typed by its contract.
 *
 * - A problem is thrown as `ProblemError`, with the catalogue's `code`.
 * - What can be repeated safely is, on refusals that time can mend: each POST gets an `Idempotency-Key`.
 * - An ended access token is renewed once, and the call repeated.
 *
 * @example
 * const portico = createClient({ baseUrl: 'http://localhost:8080', operations: { ...user, ...content } })
 * const post = await portico.createPost({ body: { title: 'Hello', body: '# Hello' } })
 */
export function createClient<const Offered extends Operations>(options: ClientOptions<Offered>): Client<Offered> {
  const calls: Record<string, unknown> = {}
  const send = createSender(options)
  for (const [name, offered] of Object.entries(options.operations)) {
    if (!isOperation(offered)) continue
    const reply = (input: LooseInput = {}) => send(offered, input)
    calls[name] = Object.assign(async (input?: LooseInput) => (await reply(input)).body, { reply })
  }
  return calls as Client<Offered>
}

/** Each item of a list, page after page. */
export async function* everyItem<Item>(
  list: (page: { cursor?: string }) => Promise<{ items: Item[]; nextCursor: string | null }>,
): AsyncGenerator<Item, void, undefined> {
  let page = await list({})
  yield* page.items
  while (page.nextCursor !== null) {
    page = await list({ cursor: page.nextCursor })
    yield* page.items
  }
}

function createSender({
  baseUrl,
  operations,
  session = tokenSession(),
  retry = defaultRetry,
  ...rest
}: ClientOptions<Operations>) {
  const origin = baseUrl.replace(/\/+$/, '')
  const doFetch = rest.fetch ?? fetch

  const renew = async (refreshToken: string): Promise<Tokens | null> => {
    const operation = operations.refreshSession
    if (!isOperation(operation)) return null
    const response = await doFetch(requestOf(origin, operation, { body: { refreshToken } }, undefined))
    return response.ok ? ((await response.json()) as Tokens) : null
  }

  const once = async (operation: Operation, input: LooseInput) => {
    const response = await doFetch(requestOf(origin, operation, input, session.current()?.accessToken))
    if (response.status !== 401 || !(await session.refresh(renew))) return response
    await response.body?.cancel()
    return doFetch(requestOf(origin, operation, input, session.current()?.accessToken))
  }

  return async (operation: Operation, given: LooseInput): Promise<Reply<unknown>> => {
    const input = operation.method === 'POST' ? { idempotencyKey: crypto.randomUUID(), ...given } : given
    const attempts = operation.policy.repeatable === 'never' ? 1 : retry.attempts
    for (let attempt = 1; ; attempt++) {
      const outcome = await once(operation, input).catch((cause: unknown) => {
        if (attempt >= attempts || input.signal?.aborted) throw cause
        return null
      })
      if (outcome && (attempt >= attempts || !isTransient(outcome))) return readReply(outcome)
      await outcome?.body?.cancel()
      await pause(waitBeforeMs(attempt, outcome?.headers.get('retry-after') ?? null, retry), input.signal)
    }
  }
}

async function readReply(response: Response): Promise<Reply<unknown>> {
  const type = response.headers.get('content-type') ?? ''
  if (!response.ok) throw await problemOf(response, type)
  const body = response.status === 204 ? null : /\bjson\b/.test(type) ? await response.json() : response.body
  return { status: response.status, headers: response.headers, body }
}

async function problemOf(response: Response, type: string): Promise<ProblemError> {
  const problem = type.includes('application/problem+json') ? ((await response.json()) as Partial<Problem>) : {}
  const { code = 'bad_gateway', title = response.statusText, detail, errors, traceId } = problem
  return new ProblemError(
    { code, status: response.status, title },
    {
      ...(detail === undefined ? {} : { detail }),
      ...(errors === undefined ? {} : { errors }),
      ...(traceId === undefined ? {} : { extensions: { traceId } }),
      headers: Object.fromEntries(response.headers),
    },
  )
}

function isOperation(candidate: unknown): candidate is Operation {
  return candidate !== null && typeof candidate === 'object' && 'url' in candidate && 'schema' in candidate
}
