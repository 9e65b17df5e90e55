/** Whatever is not a success, as the problem it is. */
export class Refused extends Error {
  constructor(problem) {
    super(problem.detail ?? problem.title ?? 'The console could not be reached')
    this.problem = problem
  }
}

export async function get(path) {
  const response = await fetch(path, { headers: { accept: 'application/json' } })
  const body = await response.json().catch(() => ({ status: response.status, title: response.statusText }))
  if (!response.ok) throw new Refused(body)
  return body
}

/** Trades the ticket of the page of addresses for a session, once. */
export async function signIn(ticket) {
  const response = await fetch('/v1/sessions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ticket, mode: 'cookie' }),
  })
  if (!response.ok) throw new Refused(await response.json().catch(() => ({ title: response.statusText })))
}
