import { internalHeaders } from '@portico/contracts'
import type { Principal } from '@portico/identity'

/**
 * A stranger's answer may be kept by the gateway under its tags until it is purged; browsers ask each time, with the
 * ETag. What a session sees is nobody else's.
 */
export function cacheHeaders(principal: Principal | null, tags: readonly string[]): Record<string, string> {
  if (principal) return { 'cache-control': 'private, no-cache' }
  return {
    'cache-control': 'public, max-age=0, s-maxage=60, stale-while-revalidate=30, stale-if-error=600',
    [internalHeaders.cacheTag]: tags.join(', '),
  }
}
