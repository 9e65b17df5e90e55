const hidden = '[redacted]'
const secretNames = /^(?:(?:proxy-)?authorization|(?:set-)?cookie|.*(?:password|secret|token|api-?key|private-?jwk))$/i
/** `code` is also the name of every error's code: only what looks like a mailed or TOTP code is hidden. */
const oneTimeCode = /^\d{6,10}$/
const credentialsInUrl = /(\/\/[^/\s:@]*:)[^/\s@]+@/g
const deepest = 6

/** A copy without secrets; the same object when there were none. Only plain objects and arrays are looked into. */
export function redact<T>(value: T): T
export function redact(value: unknown): unknown {
  return redactAt(value, 0)
}

/** Takes the password out of URLs in a text: libraries put connection strings into their messages. */
export function redactText(text: string): string {
  return text.includes('://') ? text.replace(credentialsInUrl, `$1${hidden}@`) : text
}

function redactAt(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return redactText(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth >= deepest) return isPlain(value) || Array.isArray(value) ? '[deeper]' : value
  if (Array.isArray(value)) return redactArray(value, depth)
  return isPlain(value) ? redactObject(value, depth) : value
}

function redactArray(items: readonly unknown[], depth: number): readonly unknown[] {
  const clean = items.map(item => redactAt(item, depth + 1))
  return clean.some((item, index) => item !== items[index]) ? clean : items
}

function redactObject(object: Record<string, unknown>, depth: number): Record<string, unknown> {
  let copy: Record<string, unknown> | undefined
  for (const name of Object.keys(object)) {
    const value = object[name]
    const clean = isSecret(name, value) ? hidden : redactAt(value, depth + 1)
    if (clean === value) continue
    copy ??= { ...object }
    copy[name] = clean
  }
  return copy ?? object
}

function isSecret(name: string, value: unknown): boolean {
  if (value === null || value === undefined || typeof value === 'boolean') return false
  if (name === 'code') return oneTimeCode.test(String(value))
  return secretNames.test(name)
}

function isPlain(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
