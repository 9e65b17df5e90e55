import type { ContractDocument, OperationDocument, Policy } from '@portico/contracts'
import * as common from '@portico/contracts'

interface ProblemEntry {
  code: string
  status: number
  title: string
  meaning: string
}

/** The problems that any route can answer with. */
export function commonProblems(): ProblemEntry[] {
  const isDefinition = (value: unknown): value is ProblemEntry => typeof value === 'function' && 'meaning' in value
  return Object.values(common).filter(isDefinition)
}

/**
 * One OpenAPI 3.1 document out of all contracts: JSON Schema goes in as it is, since 3.1 speaks 2020-12. Each operation
 * carries its named problems and, as `x-portico-policy`, what the gateway does with it.
 */
export function mergeOpenApi(documents: readonly ContractDocument[], { publicUrl }: { publicUrl: string }): unknown {
  const sorted = [...documents].sort((a, b) => (a.service < b.service ? -1 : 1))
  const paths: Record<string, Record<string, unknown>> = {}
  for (const document of sorted) {
    for (const operation of document.operations) {
      if (operation.policy.access === 'internal') continue
      const path = toTemplate(operation.url)
      paths[path] = { ...paths[path], [operation.method.toLowerCase()]: operationOf(document, operation) }
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Portico',
      version: versionOf(sorted),
      description:
        'Accounts and sessions, content, files and mail. Errors are `application/problem+json`: branch on `code`.',
    },
    servers: [{ url: publicUrl }],
    tags: sorted.map(({ service, description }) => ({ name: service, description })),
    paths,
    components: { schemas: { Problem: problemSchema() }, securitySchemes },
  }
}

const securitySchemes = {
  bearer: { type: 'http', scheme: 'bearer', description: 'An access token, or an API key' },
  cookie: {
    type: 'apiKey',
    in: 'cookie',
    name: '__Host-session',
    description: '`portico_session` on plain http. Unsafe requests must come from an allowed origin.',
  },
}

const versionOf = (documents: readonly ContractDocument[]) =>
  documents.map(({ service, version }) => `${service} ${version}`).join(', ') || '0'

const toTemplate = (url: string) => url.replace(/:([A-Za-z0-9_]+)/g, '{$1}').replace(/\*$/, '{path}')

function operationOf({ service }: ContractDocument, operation: OperationDocument): unknown {
  const { id, summary, description, tags, schema, consumes, policy } = operation
  return {
    operationId: id,
    summary,
    ...(description === '' ? {} : { description }),
    tags: tags.length === 0 ? [service] : tags,
    parameters: parametersOf(operation),
    ...(schema.body === undefined
      ? {}
      : { requestBody: { required: true, content: { [consumes]: { schema: schema.body } } } }),
    responses: responsesOf(operation),
    security: securityOf(policy),
    'x-portico-policy': policy,
    'x-portico-service': service,
  }
}

function parametersOf({ url, schema }: OperationDocument): unknown[] {
  const names = [...url.matchAll(/:([A-Za-z0-9_]+)/g)].map(([, name]) => name ?? '')
  if (url.endsWith('*')) names.push('path')
  const known = membersOf(schema.params)
  const inPath = names.map(name => ({
    name,
    in: 'path',
    required: true,
    schema: known.get(name)?.schema ?? { type: 'string' },
  }))
  const asParameters = (part: unknown, place: string) =>
    [...membersOf(part)].map(([name, { schema: member, required }]) => ({ name, in: place, required, schema: member }))
  return [...inPath, ...asParameters(schema.querystring, 'query'), ...asParameters(schema.headers, 'header')]
}

function membersOf(schema: unknown): Map<string, { schema: unknown; required: boolean }> {
  const members = new Map<string, { schema: unknown; required: boolean }>()
  if (!isRecord(schema) || !isRecord(schema.properties)) return members
  const required: unknown[] = Array.isArray(schema.required) ? schema.required : []
  for (const [name, member] of Object.entries(schema.properties)) {
    members.set(name, { schema: member, required: required.includes(name) })
  }
  return members
}

function responsesOf({ schema, produces, errors, policy }: OperationDocument): unknown {
  const responses: Record<string, unknown> = {}
  for (const [status, answer] of Object.entries(schema.response)) {
    if (!/^[1-3]\d\d$/.test(status)) continue
    const isEmpty = isRecord(answer) && answer.type === 'null'
    responses[status] = {
      description: isRecord(answer) && typeof answer.description === 'string' ? answer.description : 'It worked',
      ...(isEmpty ? {} : { content: { [produces]: { schema: answer } } }),
    }
  }
  for (const [status, list] of byStatus([...errors, ...usualProblems(policy)])) {
    responses[status] = {
      description: list.map(({ code, title }) => `\`${code}\`: ${title}`).join('\n\n'),
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      'x-portico-codes': list.map(({ code }) => code),
    }
  }
  return responses
}

/** What the policy alone makes possible. */
function usualProblems({ access, bodyLimitBytes, rateClass }: Policy): ProblemEntry[] {
  return [
    common.InvalidInput,
    ...(access === 'public' ? [] : [common.NotSignedIn]),
    ...(Array.isArray(access) ? [common.Forbidden] : []),
    ...(bodyLimitBytes > 0 ? [common.BodyTooLarge, common.UnsupportedMediaType] : []),
    ...(rateClass === 'none' ? [] : [common.TooManyRequests]),
    common.ServiceUnavailable,
    common.DeadlineExceeded,
  ]
}

function byStatus(problems: readonly ProblemEntry[]): Map<string, ProblemEntry[]> {
  const groups = new Map<string, ProblemEntry[]>()
  for (const problem of problems) {
    const status = String(problem.status)
    const group = groups.get(status) ?? []
    if (!group.some(({ code }) => code === problem.code)) groups.set(status, [...group, problem])
  }
  return groups
}

// Somebody who is public may still be asked who they are: both ways in are named, and none.
function securityOf({ access }: Policy): unknown[] {
  const ways = [{ bearer: [] }, { cookie: [] }]
  return access === 'public' ? [{}, ...ways] : ways
}

function problemSchema(): unknown {
  const { $id: _name, ...schema } = JSON.parse(JSON.stringify(common.problemResponse))
  return schema
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
