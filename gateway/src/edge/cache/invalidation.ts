import type { Visit } from '../visit.ts'
import { fieldOf } from './fields.ts'
import { keyOf, keyOfReference } from './key.ts'

/**
 * A write that went well makes what is kept under its address untrue, and under the addresses of the same origin that its
 * answer names (RFC 9111, section 4.4). It goes before the client has its answer, so that it reads what it wrote.
 */
export function invalidateOn(visit: Visit, forget: (key: string) => void): void {
  visit.onAnswer = ({ status, headers }) => {
    if (status < 200 || status >= 400) return
    forget(keyOf(visit))
    for (const name of ['location', 'content-location']) {
      const reference = fieldOf(headers, name)
      const key = reference === undefined ? null : keyOfReference(visit, reference)
      if (key !== null) forget(key)
    }
  }
}
