type Fields = readonly (readonly [name: string, value: string])[]

/** Fields that the edge adds where the service said nothing: to every answer, and to what a browser shows as a page. */
export interface SecurityHeaders {
  readonly always: Fields
  readonly pages: Fields
}

/**
 * With `nosniff` a browser shows JSON or an image as nothing else, so what guards pages (frames, scripts, openers) is sent
 * with pages alone: five fields less on each answer of the API. `https` adds HSTS: on plain http it means nothing.
 */
export function securityHeaders({ https }: { https: boolean }): SecurityHeaders {
  const always = [
    ['x-content-type-options', 'nosniff'],
    ...(https ? [['strict-transport-security', 'max-age=31536000; includeSubDomains'] as const] : []),
  ] as const
  return {
    always,
    pages: [
      ...always,
      ['x-frame-options', 'DENY'],
      ['referrer-policy', 'strict-origin-when-cross-origin'],
      ['cross-origin-opener-policy', 'same-origin'],
      ['cross-origin-resource-policy', 'same-site'],
      ['content-security-policy', "default-src 'none'; frame-ancestors 'none'"],
    ],
  }
}

/** What a browser can show as a page with scripts in it; without a type, it guesses no more but may still show it. */
export function isPage(contentType: string | undefined): boolean {
  if (contentType === undefined) return true
  const type = contentType.toLowerCase()
  return type.startsWith('text/html') || type.includes('xml')
}
