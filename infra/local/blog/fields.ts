/** The first of these fields that says something. */
export function textOf(data: Record<string, unknown>, ...names: string[]): string | null {
  for (const name of names) {
    const value = data[name]
    const text = typeof value === 'string' ? value.trim() : typeof value === 'number' ? String(value) : ''
    if (text !== '') return text
  }
  return null
}

/**
 * Tags and categories. In one text they stand between commas; without any, between spaces, as Jekyll reads `tags` and
 * `categories`. A single `category` may have a name of several words.
 */
export function tagsOf(data: Record<string, unknown>): string[] {
  const words = (value: unknown) => (typeof value === 'string' && !value.includes(',') ? value.split(/\s+/) : value)
  return listOf(
    { ...data, tags: words(data.tags), categories: words(data.categories) },
    'tags',
    'categories',
    'category',
    'keywords',
  )
}

/** A list, however it was written: a YAML list, or commas. */
export function listOf(data: Record<string, unknown>, ...names: string[]): string[] {
  const found = names.flatMap(name => {
    const value = data[name]
    if (Array.isArray(value)) return value.map(nameOf)
    return typeof value === 'string' ? value.split(',') : []
  })
  return unique(found.map(item => item.trim()).filter(item => item !== ''))
}

/**
 * Who wrote it: one name, several in one field (`A, B`, `A and B`, `A & B`), a list, or objects with a name.
 * What stands in brackets behind a name (an account elsewhere) is left out.
 */
export function authorsOf(data: Record<string, unknown>): string[] {
  const written = [data.author, data.authors, data.byline].flatMap(value => (Array.isArray(value) ? value : [value]))
  const names = written.flatMap(value => nameOf(value).split(/\s*(?:,|;|&|\s(?:and|und|et)\s)\s*/))
  return unique(names.map(name => name.replace(/\s*\([^)]*\)\s*$/, '').trim()).filter(name => name !== ''))
}

function nameOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (value !== null && typeof value === 'object' && 'name' in value && typeof value.name === 'string')
    return value.name
  return typeof value === 'number' ? String(value) : ''
}

const zone = /(?:Z|[+-]\d{2}:?\d{2}|GMT|UTC)\s*$/i
const dateOnly = /^\d{4}-\d{2}-\d{2}$/

/**
 * A date in UTC as RFC 3339, or null when there is none.
 * A time without a zone is taken as UTC: the same file must not mean another moment on another machine.
 * @throws Error when there is one that nobody could read
 */
export function dateOf(data: Record<string, unknown>, ...names: string[]): string | null {
  for (const name of names) {
    const value = data[name]
    if (value === undefined || value === null || value === '') continue
    const date = parseDate(value instanceof Date ? value.toISOString() : String(value).trim())
    if (Number.isNaN(date.getTime())) throw new Error(`the date "${String(value).slice(0, 40)}" cannot be read`)
    return date.toISOString()
  }
  return null
}

function parseDate(text: string): Date {
  if (dateOnly.test(text)) return new Date(`${text}T00:00:00Z`)
  // `2015-03-01 10:00:00 +0100`, as Jekyll writes it.
  const joined = text.replace(/^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)\s*/, '$1T$2')
  return new Date(zone.test(joined) ? joined : `${joined}${joined.includes('T') ? 'Z' : ' UTC'}`)
}

const unique = (items: string[]) => [...new Set(items)]
