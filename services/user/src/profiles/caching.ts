import type { FastifyRequest } from 'fastify'
import { accountTag } from '../accounts/account.ts'

/**
 * What strangers see is the same for all of them: a gateway keeps it as long as the contract says, and drops it by its
 * tag. What somebody signed in sees depends on them.
 */
export function cachingOf({ principal, routeOptions }: FastifyRequest, accountId: string): Record<string, string> {
  const cache = routeOptions.config.operation?.policy.cache
  if (principal || !cache) return { 'cache-control': 'private, no-cache' }
  return { 'cache-control': `public, max-age=${cache.maxAgeSeconds}`, 'cache-tag': accountTag(accountId) }
}
