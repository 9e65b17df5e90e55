import { Problem } from '@portico/contracts'
import { Value } from 'typebox/value'
import type { Answer } from '../support/http.ts'

export interface Expected {
  readonly status: number
  readonly code: string
  /** What one of its `errors` points at, and in which part of the request. */
  readonly pointer?: string
  readonly in?: 'body' | 'query' | 'path'
  readonly header?: readonly [name: string, matches: RegExp]
}

/** What no answer may give away: stacks, SQL, hosts, paths, the words of libraries. */
const leaks: readonly RegExp[] = [
  /\bat (?:async )?\S+ \(|node:internal|node_modules|\.[cm]?[jt]s:\d/,
  /\b(?:SELECT|INSERT INTO|UPDATE|DELETE FROM)\b|\bpg_|\brelation "/,
  /127\.0\.0\.1|localhost|ECONN|EPIPE|ENOENT/,
  /\/(?:tmp|home|root|var|usr|work)\//,
  /\b(?:FST_ERR|fastify|undici|typebox|kysely|postgres)\b/i,
]

/** What is wrong with an answer that should be this problem; empty when nothing is. */
export function objections(answer: Answer, expected: Expected): string[] {
  const text = new TextDecoder().decode(answer.bytes)
  const problem = answer.json
  if (answer.status !== expected.status)
    return [`${answer.status} instead of ${expected.status}: ${text.slice(0, 300)}`]
  if (!Value.Check(Problem, problem)) return [`no problem: ${text.slice(0, 300)}`]
  const { code, status, type, title, instance, traceId, errors = [] } = problem
  const points = errors.some(each => each.pointer === expected.pointer && each.in === expected.in)
  const [headerName, headerMatches] = expected.header ?? ['content-type', /./]
  const claims: [boolean, string][] = [
    [answer.headers.get('content-type') === 'application/problem+json', 'its type is application/problem+json'],
    [code === expected.code, `code ${code} is ${expected.code}`],
    [status === answer.status, `status ${status} is that of the answer`],
    [type === `/docs/problems#${code}`, `type ${type} leads to its documentation`],
    [title.length > 0, 'it has a title'],
    [instance === answer.path.split('?', 1)[0], `instance ${instance} is the path`],
    [traceId === answer.traceId && /^[0-9a-f]{32}$/.test(answer.traceId), `traceId ${traceId} is that of the request`],
    [expected.pointer === undefined || points, `it points at ${expected.pointer}: ${JSON.stringify(errors)}`],
    [headerMatches.test(answer.headers.get(headerName) ?? ''), `${headerName} matches ${headerMatches}`],
    ...leaks.map((leak): [boolean, string] => [!leak.test(text), `it gives nothing away: ${text.match(leak)?.[0]}`]),
  ]
  return claims.filter(([holds]) => !holds).map(([, claim]) => `not so: ${claim}`)
}
