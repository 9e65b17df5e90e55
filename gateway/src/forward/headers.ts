import { notInTrailers } from '../wire/answer-head.ts'

/** Fields that concern one connection only (RFC 9110, section 7.6.1, and the older ones still met). Lower case. */
const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
])

/** What `Connection` names beside the two usual words; null when there is nothing, which is nearly always. */
function nominatedBy(value: string): string[] | null {
  if (value === 'keep-alive' || value === 'close') return null
  const names = value
    .toLowerCase()
    .split(',')
    .map(name => name.trim())
    .filter(name => name !== '' && name !== 'close' && name !== 'keep-alive')
  return names.length === 0 ? null : names
}

/**
 * The head of a replica's answer as the client gets it: the object that undici parsed, flattened, without what concerns
 * only the connection to the replica.
 */
export function answerHeaders(parsed: Readonly<Record<string, string | string[] | undefined>>): string[] {
  const coding = parsed['transfer-encoding']
  // Of another coding nobody knows where it ends (RFC 9112, section 6.1): it would be read until all patience is gone.
  if (coding !== undefined && String(coding).toLowerCase() !== 'chunked') throw new Error('unknown transfer coding')
  const flat: string[] = []
  const connection = parsed.connection
  const nominated = connection === undefined ? null : nominatedBy(String(connection))
  for (const name in parsed) {
    if (hopByHop.has(name) || nominated?.includes(name)) continue
    const value = parsed[name]
    if (typeof value === 'string') flat.push(name, value)
    else if (value !== undefined) for (const one of value) flat.push(name, one)
  }
  return flat
}

/** The trailers of an answer, flat; null when there are none. */
export function answerTrailers(parsed: Readonly<Record<string, string | string[] | undefined>>): string[] | null {
  let flat: string[] | null = null
  for (const name in parsed) {
    const value = parsed[name]
    if (value === undefined || hopByHop.has(name) || notInTrailers.has(name)) continue
    flat ??= []
    for (const one of typeof value === 'string' ? [value] : value) flat.push(name, one)
  }
  return flat
}
