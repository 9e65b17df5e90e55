/** RFC 9110, section 15.5.2: a 401 says how one signs in. */
export const challenge = { 'www-authenticate': 'Bearer realm="portico"' } as const
