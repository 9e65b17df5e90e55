export interface ByteRange {
  readonly start: number
  /** Inclusive. */
  readonly end: number
}

/**
 * One range of a whole body (RFC 9110, section 14.1.2). Null: there is none to keep to — several ranges, another unit, a
 * broken field — and the whole is the answer.
 */
export function readRange(field: string | undefined, length: number): ByteRange | 'unsatisfiable' | null {
  const [, first, last] = /^bytes=(\d{0,15})-(\d{0,15})$/i.exec(field?.trim() ?? '') ?? []
  if (first === undefined || last === undefined || (first === '' && last === '')) return null
  if (first === '') {
    const suffix = Number(last)
    if (suffix === 0 || length === 0) return 'unsatisfiable'
    return { start: Math.max(0, length - suffix), end: length - 1 }
  }
  const start = Number(first)
  const end = last === '' ? length - 1 : Number(last)
  if (end < start && last !== '') return null
  if (start >= length) return 'unsatisfiable'
  return { start, end: Math.min(end, length - 1) }
}
