// RFC 9110, sections 5.5 and 5.6.2, as latin1. A character beyond it would be cut to its low byte on the way out, and
// U+010A is a line feed then.

/** Found in what cannot be a field's value. */
export const unfitForValue = /[^\t\x20-\x7e\x80-\xff]/
export const isToken = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** Without the white space around it (section 5.6.3); `trim` would take more for white space. */
export function trimmed(text: string, from: number, to: number): string {
  let start = from
  let end = to
  while (start < end && isBlank(text.charCodeAt(start))) start += 1
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1
  return text.slice(start, end)
}

const isBlank = (code: number) => code === 0x20 || code === 0x09
