// Header lists are flat, `[name, value, name, value, …]`, names in lower case.

/** The value of a field, its lines joined as RFC 9110, section 5.3 says; undefined when it is not there. */
export function fieldOf(headers: readonly string[], name: string): string | undefined {
  let found: string | undefined
  for (let index = 0; index < headers.length; index += 2) {
    if (headers[index] !== name) continue
    const value = headers[index + 1] ?? ''
    found = found === undefined ? value : `${found}, ${value}`
  }
  return found
}

/** The list without some of its fields. */
export function withoutFields(headers: readonly string[], dropped: { has(name: string): boolean }): string[] {
  const kept: string[] = []
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] ?? ''
    if (!dropped.has(name)) kept.push(name, headers[index + 1] ?? '')
  }
  return kept
}

/** The members of a comma-separated list of tokens, in lower case. */
export function tokensIn(value: string): string[] {
  return value
    .toLowerCase()
    .split(',')
    .map(token => token.trim())
    .filter(token => token !== '')
}
