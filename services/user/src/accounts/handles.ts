/** Names that would let somebody pass for the system, or that are words of an address. */
const reserved = new Set([
  ...['operator', 'admin', 'administrator', 'moderator', 'root', 'system', 'portico', 'support', 'security', 'staff'],
  ...['abuse', 'postmaster', 'hostmaster', 'webmaster', 'noreply', 'no-reply', 'help', 'info', 'official'],
  ...[
    'me',
    'api',
    'users',
    'sessions',
    'verify',
    'console',
    'docs',
    'login',
    'signup',
    'settings',
    'null',
    'undefined',
  ],
])

export const isReserved = (handle: string): boolean => reserved.has(handle)

/** How long a handle that was given up rests before somebody else may take it. */
export const handleRestMs = 90 * 24 * 60 * 60_000
