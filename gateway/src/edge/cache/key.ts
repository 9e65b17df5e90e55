import { namedByConnection } from '../request-headers.ts'
import type { Visit } from '../visit.ts'
import { fieldOf, tokensIn } from './fields.ts'

/**
 * What all variants of an answer share. Host and scheme are in it because services are told them: whoever makes a host
 * up gets answers of his own.
 */
export const keyOf = ({ scheme, host, target }: Visit): string =>
  `${scheme}://${host.toLowerCase()}${target.path}${target.query}`

/** The key of another address that an answer names, if it is of the same origin; null: it is not ours to say. */
export function keyOfReference(visit: Visit, reference: string): string | null {
  const base = `${visit.scheme}://${visit.host.toLowerCase()}`
  const address = URL.parse(reference, base + visit.target.path)
  if (address === null || address.origin !== URL.parse(base)?.origin) return null
  return base + address.pathname + address.search
}

/** Never sent on, so that no service's answer can depend on them. */
const withheld: ReadonlySet<string> = new Set(['cookie', 'authorization'])
/** Said by the gateway itself, and different for each client. */
const isOurs = (name: string) =>
  name === 'forwarded' || name === 'via' || name.startsWith('x-forwarded-') || name.startsWith('portico-')

/** What of a request chose a variant (RFC 9111, section 4.1): names and the values they had. */
export interface Selection {
  readonly names: readonly string[]
  readonly values: readonly string[]
}

/** Null: no other request would ever match. */
export function selectionOf(headers: readonly string[], visit: Visit): Selection | null {
  const names = [...new Set(tokensIn(fieldOf(headers, 'vary') ?? ''))].filter(name => !withheld.has(name))
  if (names.some(isOurs)) return null
  return { names, values: names.map(name => selecting(visit, name)) }
}

export function matches({ names, values }: Selection, visit: Visit): boolean {
  for (let index = 0; index < names.length; index += 1) {
    if (selecting(visit, names[index] ?? '') !== values[index]) return false
  }
  return true
}

function selecting({ request: { headers } }: Visit, name: string): string {
  const value = headers[name]
  // Absent and empty are not the same. What the client nominated away is absent for the service: were it not so here, it
  // could have the answer of those who sent nothing kept for those who sent that value.
  if (value === undefined || namedByConnection(headers.connection)?.has(name)) return '\0'
  const members = String(value)
    .split(',')
    .map(member => member.trim())
  return name === 'accept-language' ? byPreference(members) : members.join(',')
}

/** Languages have no case, and those with one weight no order. */
function byPreference(members: readonly string[]): string {
  const weighed = members.map(member => {
    const [language = '', ...parameters] = member.toLowerCase().replace(/\s/g, '').split(';')
    const weight = parameters.find(parameter => parameter.startsWith('q='))?.slice(2) ?? '1'
    return { language, weight: Number(weight) || 0 }
  })
  weighed.sort((one, other) => other.weight - one.weight || (one.language < other.language ? -1 : 1))
  return weighed.map(({ language, weight }) => `${language};${weight}`).join(',')
}
