import type { Operation } from '@portico/contracts'

/** A call in the loose form that `Client` makes safe. */
export interface LooseInput {
  params?: Record<string, unknown>
  query?: Record<string, unknown>
  body?: unknown
  ifMatch?: string
  idempotencyKey?: string
  signal?: AbortSignal
}

/** `/v1/posts/:id` and its parameters as a path; each value is one segment, whatever is in it. */
export function pathOf(url: string, params: Record<string, unknown> = {}): string {
  return url.replace(/:([A-Za-z]+)/g, (_, name: string) => {
    const value = params[name]
    if (value === undefined || value === '') throw new TypeError(`the parameter ${name} of ${url} is missing`)
    return encodeURIComponent(String(value))
  })
}

export function queryOf(query: Record<string, unknown> = {}): string {
  const fields = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined) fields.append(name, String(one))
  }
  const text = fields.toString()
  return text === '' ? '' : `?${text}`
}

export function requestOf(
  baseUrl: string,
  operation: Operation,
  input: LooseInput,
  accessToken: string | undefined,
): Request {
  const headers = new Headers({ accept: 'application/json, application/problem+json, */*;q=0.1' })
  if (accessToken !== undefined) headers.set('authorization', `Bearer ${accessToken}`)
  if (input.ifMatch !== undefined) headers.set('if-match', input.ifMatch)
  if (input.idempotencyKey !== undefined) headers.set('idempotency-key', input.idempotencyKey)
  const isForm = input.body instanceof FormData
  if (input.body !== undefined && !isForm) headers.set('content-type', 'application/json')

  return new Request(`${baseUrl}${pathOf(operation.url, input.params)}${queryOf(input.query)}`, {
    method: operation.method,
    headers,
    credentials: 'include',
    redirect: 'follow',
    ...(input.signal ? { signal: input.signal } : {}),
    ...(input.body === undefined ? {} : { body: isForm ? (input.body as FormData) : JSON.stringify(input.body) }),
  })
}
