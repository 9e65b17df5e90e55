import type { Sent } from '../support/http.ts'
import { methodsAt, type Route, type Schema } from './document.ts'
import type { Expected } from './problem.ts'

/** Who asks. `allowed` is somebody whom the route lets in. */
export type Asker = 'stranger' | 'forger' | 'reader' | 'allowed'

export interface Case {
  readonly name: string
  readonly as: Asker
  readonly method: string
  readonly path: string
  readonly sent?: Sent
  readonly expected: Expected
}

/** Values of path parameters that exist, by route; what is not named here gets one that only looks right. */
export type Known = (template: string, parameter: string) => string | undefined

const absentId = '01890a5d-ac96-774b-bcce-b302099a8057'
const json = { 'content-type': 'application/json' }
const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']
/** Larger ones would be a test of patience. */
const largestTried = 8 * 1_024 * 1_024

/** Everything that can be wrong with a request to this route. */
export function casesOf(route: Route, routes: readonly Route[], known: Known): Case[] {
  const path = pathOf(route, known)
  const at = (as: Asker, name: string, expected: Expected, sent?: Sent, at = path): Case => ({
    name,
    as,
    method: route.method,
    path: at,
    ...(sent ? { sent } : {}),
    expected,
  })
  return [
    ...sessionCases(route, at),
    ...bodyCases(route, at),
    ...parameterCases(route, known, at),
    ...cursorCases(route, path, at),
    ...neighbourCases(route, routes, path),
  ]
}

type At = (as: Asker, name: string, expected: Expected, sent?: Sent, path?: string) => Case

function sessionCases({ access }: Route, at: At): Case[] {
  const signIn: Expected = { status: 401, code: 'not_signed_in', header: ['www-authenticate', /^Bearer/] }
  if (access === 'public') return []
  return [
    at('stranger', 'without a session', signIn),
    at('forger', 'with a token that nobody gave out', signIn),
    ...(access === 'signed-in' || access.includes('reader')
      ? []
      : [at('reader', 'with another role', { status: 403, code: 'forbidden' })]),
  ]
}

function bodyCases({ body, bodyLimitBytes }: Route, at: At): Case[] {
  if (body === null) return []
  const malformed = ['{"a":', '{"a":1}}', 'nothing', '"\ud800']
  const invalid = (pointer: string): Expected => ({ status: 400, code: 'invalid_input', pointer, in: 'body' })
  const members = Object.entries(objectOf(body)?.properties ?? {})
  const required = objectOf(body)?.required ?? []
  return [
    ...malformed.map(text =>
      at(
        'allowed',
        `JSON that is none: ${text}`,
        { status: 400, code: 'malformed_body' },
        { body: text, headers: json },
      ),
    ),
    at(
      'allowed',
      'a body of another kind',
      { status: 415, code: 'unsupported_media_type' },
      { body: '<a/>', headers: { 'content-type': 'application/xml' } },
    ),
    at('allowed', 'a list instead of an object', invalid('#'), { body: [] }),
    ...members.map(([name, schema]) =>
      at('allowed', `${name} of the wrong type`, invalid(`#/${name}`), { body: { [name]: notOf(schema) } }),
    ),
    ...required.map(name => at('allowed', `without ${name}`, invalid(`#/${name}`), { body: {} })),
    ...(objectOf(body)?.additionalProperties === false
      ? [at('allowed', 'with a field that is not known', invalid('#/notKnown'), { body: { notKnown: 1 } })]
      : []),
    ...(bodyLimitBytes <= largestTried
      ? [
          at(
            'allowed',
            'too large',
            { status: 413, code: 'body_too_large' },
            { body: JSON.stringify('x'.repeat(bodyLimitBytes)), headers: json },
          ),
        ]
      : []),
  ]
}

/** A value that fits no schema of this type. */
function notOf(schema: unknown): unknown {
  return schema !== null && typeof schema === 'object' && 'type' in schema && schema.type === 'array' ? {} : [[{}]]
}

/** The object that a body is, or may be beside null. */
function objectOf(body: Schema): Schema | null {
  if (body.properties !== undefined) return body
  const choices = 'anyOf' in body && Array.isArray(body.anyOf) ? body.anyOf : []
  return choices.find(choice => choice.properties !== undefined) ?? null
}

function parameterCases(route: Route, known: Known, at: At): Case[] {
  return route.parameters.flatMap(({ name, in: place, schema }) => {
    if (place === 'path') {
      const wrong =
        schema.format === 'uuid' ? 'not-an-id' : schema.pattern?.startsWith('^[a-z0-9]') ? 'Not%20This' : null
      if (wrong === null) return []
      const expected: Expected = { status: 400, code: 'invalid_input', pointer: `#/${name}`, in: 'path' }
      return [at('allowed', `a bad ${name} in the path`, expected, undefined, pathOf(route, known, { [name]: wrong }))]
    }
    if (place !== 'query') return []
    const expected: Expected = { status: 400, code: 'invalid_input', pointer: `#/${name}`, in: 'query' }
    return wrongValues(schema).map(value =>
      at(
        'allowed',
        `?${name}=${value.slice(0, 20)}`,
        expected,
        undefined,
        `${pathOf(route, known)}?${name}=${encodeURIComponent(value)}`,
      ),
    )
  })
}

function wrongValues({ type, enum: choices, maximum, maxLength }: Schema): string[] {
  if (choices) return ['neither-of-them']
  if (type === 'integer') return ['many', '1.5', ...(maximum === undefined ? [] : [String(maximum + 1)])]
  if (type === 'boolean') return ['perhaps']
  return type === 'string' && maxLength !== undefined ? ['x'.repeat(maxLength + 1)] : []
}

function cursorCases({ parameters }: Route, path: string, at: At): Case[] {
  if (!parameters.some(({ name, in: place }) => name === 'cursor' && place === 'query')) return []
  const cursors = ['not-a-cursor', Buffer.from('{"a":1}').toString('base64url'), '%00']
  return cursors.map(cursor =>
    at(
      'allowed',
      `a cursor that is none: ${cursor}`,
      { status: 400, code: 'invalid_cursor' },
      undefined,
      `${path}?cursor=${cursor}`,
    ),
  )
}

function neighbourCases({ template }: Route, routes: readonly Route[], path: string): Case[] {
  const taken = methodsAt(routes, path)
  const free = methods.find(method => !taken.includes(method))
  const beyond = `${path}/beyond`
  const isOpenEnded = template.endsWith('{path}')
  return [
    ...(free
      ? [
          {
            name: `by ${free}`,
            as: 'allowed' as const,
            method: free,
            path,
            expected: {
              status: 405,
              code: 'method_not_allowed',
              header: ['allow', new RegExp(taken.join('|'))] as const,
            },
          },
        ]
      : []),
    ...(isOpenEnded || methodsAt(routes, beyond).length > 0
      ? []
      : [
          {
            name: 'a path beyond',
            as: 'allowed' as const,
            method: 'GET',
            path: beyond,
            expected: { status: 404, code: 'route_not_found' },
          },
        ]),
  ]
}

function pathOf({ template, parameters }: Route, known: Known, given: Record<string, string> = {}): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => {
    const schema = parameters.find(each => each.in === 'path' && each.name === name)?.schema
    return given[name] ?? known(template, name) ?? likely(schema)
  })
}

/** Something of the right form that names nothing. */
function likely(schema: Schema | undefined): string {
  const [choice] = schema?.enum ?? []
  if (choice !== undefined) return String(choice)
  const text = JSON.stringify(schema ?? {})
  return text.includes('"uuid"') ? absentId : text.includes('0-9a-f') ? 'abcdef' : 'nobody-here'
}
