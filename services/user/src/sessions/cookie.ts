/** How the session cookie is named and bound for the site at `publicUrl`. */
export interface SessionCookie {
  readonly name: string
  /** The `Set-Cookie` that begins a session. */
  set(value: string, expiresAt: Date, now: Date): string
  /** The `Set-Cookie` that takes it away. */
  clear(): string
}

/**
 * On https the name has the prefix `__Host-` (RFC 6265bis, section 4.1.3.2): browsers then take it from no other host and
 * no insecure page. They refuse that prefix on plain http, where the cookie has another name.
 */
export function sessionCookie(publicUrl: URL): SessionCookie {
  const secure = publicUrl.protocol === 'https:'
  const name = secure ? '__Host-session' : 'portico_session'
  const attributes = `Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`
  return {
    name,
    set(value, expiresAt, now) {
      const seconds = Math.floor((expiresAt.getTime() - now.getTime()) / 1_000)
      return `${name}=${value}; Max-Age=${seconds}; ${attributes}`
    },
    clear: () => `${name}=; Max-Age=0; ${attributes}`,
  }
}
