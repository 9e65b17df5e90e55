import type { Entry, KeptHead } from './entry.ts'
import { withoutFields } from './fields.ts'

/** What describes the kept body, and is not replaced by what a 304 says (RFC 9111, section 3.2). */
const ofTheBody: ReadonlySet<string> = new Set([
  'content-encoding',
  'content-length',
  'content-md5',
  'content-range',
  'etag',
])

/** The fields of a kept answer after a 304: its own, each replaced by the 304's. */
export function freshenedFields({ headers }: KeptHead, update: readonly string[]): string[] {
  const news = withoutFields(update, ofTheBody)
  const replaced = new Set(news.filter((_, index) => index % 2 === 0))
  // The old Age says nothing about the answer as it is now.
  replaced.add('age')
  return [...withoutFields(headers, replaced), ...news]
}

/** The fields that ask whether a kept answer still holds (RFC 9111, section 4.3.1). */
export function validatorsOf({ head }: Entry): string[] {
  const fields: string[] = []
  if (head.etag !== undefined) fields.push('if-none-match', head.etag)
  if (head.lastModified !== undefined) fields.push('if-modified-since', head.lastModified)
  return fields
}

export const fieldsOfCondition: ReadonlySet<string> = new Set([
  'if-none-match',
  'if-modified-since',
  'if-match',
  'if-unmodified-since',
  'if-range',
  'range',
])
