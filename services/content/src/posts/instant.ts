import { InvalidInput } from '@portico/contracts'

/**
 * A timestamp of the API as a Date. RFC 3339 knows what neither Date nor PostgreSQL does: a leap second, the year 0.
 * @param field the field of the body that it came from
 * @throws InvalidInput
 */
export function instantOf(text: string, field: string): Date {
  const instant = new Date(text)
  if (instant.getTime() >= earliestMs) return instant
  throw InvalidInput({ errors: [{ pointer: `#/${field}`, in: 'body', detail: 'must be a moment from the year 1 on' }] })
}

const earliestMs = Date.parse('0001-01-01T00:00:00Z')
