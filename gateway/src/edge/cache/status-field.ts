/** What a request met in the cache, as `Cache-Status` says it (RFC 9211). */
export interface Forwarded {
  /** Why it went on: `uri-miss`, `vary-miss`, `stale`, `request`, `bypass`. */
  readonly fwd: string
  /** What the service answered, where the client got something else. */
  readonly status?: number
  readonly stored?: boolean
  readonly collapsed?: boolean
}

export function statusField({ fwd, status, stored = false, collapsed = false }: Forwarded): string {
  const answered = status === undefined ? '' : `;fwd-status=${status}`
  return `portico;fwd=${fwd}${answered}${stored ? ';stored' : ''}${collapsed ? ';collapsed' : ''}`
}

export const hitField = (leftMs: number) => `portico;hit;ttl=${Math.floor(leftMs / 1_000)}`
