/** Fields on every answer, unless the service said otherwise. `https` adds HSTS: on plain http it means nothing. */
export function securityHeaders({ https }: { https: boolean }): readonly (readonly [name: string, value: string])[] {
  return [
    ['x-content-type-options', 'nosniff'],
    ['x-frame-options', 'DENY'],
    ['referrer-policy', 'strict-origin-when-cross-origin'],
    ['cross-origin-opener-policy', 'same-origin'],
    ['cross-origin-resource-policy', 'same-site'],
    ['content-security-policy', "default-src 'none'; frame-ancestors 'none'"],
    ...(https ? [['strict-transport-security', 'max-age=31536000; includeSubDomains'] as const] : []),
  ]
}
