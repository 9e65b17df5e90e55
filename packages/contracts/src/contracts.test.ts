import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import t from 'tap'
import { consoleContract } from './console/index.ts'
import { contentContract } from './content/index.ts'
import { fileContract } from './file/index.ts'
import type { Operation, ProblemDefinition, ServiceContract } from './index.ts'
import * as common from './index.ts'
import { notificationContract } from './notification/index.ts'
import { userContract } from './user/index.ts'

// What must hold for all contracts together; a gateway merges them, and a team that adds one sees here what it broke.
const contracts: readonly ServiceContract[] = [
  consoleContract,
  contentContract,
  fileContract,
  notificationContract,
  userContract,
]
const operations = contracts.flatMap(contract => contract.operations.map(operation => ({ contract, operation })))

t.test('an id names one operation, a method and path lead to one', async t => {
  t.same(repeated(operations.map(({ operation }) => operation.id)), [])
  // `/v1/posts/:id` and `/v1/posts/:slug` are one path to a router.
  const routes = operations.map(({ operation: { method, url } }) => `${method} ${url.replaceAll(/:\w+/g, ':')}`)
  t.same(repeated(routes), [])
})

t.test('each schema compiles as strictly as a service compiles it', async t => {
  for (const { operation } of operations) {
    for (const [part, schema] of Object.entries(partsOf(operation))) {
      t.doesNotThrow(() => compile(schema), `${operation.id} ${part}`)
    }
  }
  for (const { emits, broadcasts } of contracts) {
    for (const { subject, schema } of [...emits, ...broadcasts]) t.doesNotThrow(() => compile(schema), subject)
  }
})

t.test('the path’s parameters are those of its schema', async t => {
  for (const { operation } of operations) {
    const inPath = [...operation.url.matchAll(/:(\w+)|\*/g)].map(([wildcard, name]) => name ?? wildcard).sort()
    const { params } = operation.schema
    const inSchema = params && 'properties' in params ? Object.keys(Object(params.properties)).sort() : []
    t.same(inSchema, inPath, `${operation.id} ${operation.url}`)
  }
})

t.test('a body has a limit, what has none takes none, and each operation can succeed', async t => {
  for (const { operation } of operations) {
    const { body, response } = operation.schema
    const takes = body !== undefined || operation.consumes !== 'application/json'
    if (takes) t.ok(operation.policy.bodyLimitBytes > 0, `${operation.id} takes a body`)
    if (operation.method === 'GET') t.notOk(takes, `${operation.id} takes none`)
    t.ok(operation.policy.deadlineMs > 0, `${operation.id} has a deadline`)
    t.ok(
      Object.keys(response).some(status => /^[23]/.test(status)),
      `${operation.id} can succeed`,
    )
  }
})

t.test('what a cache shares is public', async t => {
  for (const { operation } of operations) {
    if (operation.policy.cache) t.equal(operation.policy.access, 'public', operation.id)
  }
})

t.test('a code has one meaning everywhere', async t => {
  const catalogue = new Map<string, ProblemDefinition>()
  const definitions = [
    ...Object.values(common).filter(isProblem),
    ...operations.flatMap(({ operation }) => operation.errors),
  ]
  for (const definition of definitions) {
    const known = catalogue.get(definition.code) ?? definition
    t.equal(known.status, definition.status, definition.code)
    t.equal(known.title, definition.title, definition.code)
    t.match(definition.code, /^[a-z][a-z0-9_]*[a-z0-9]$/)
    t.ok(definition.status >= 400 && definition.status <= 599, definition.code)
    t.ok(definition.meaning.length > 10, `${definition.code} says when it happens`)
    catalogue.set(definition.code, definition)
  }
  t.ok(catalogue.size > 30)
})

t.test('a service speaks only for itself, and listens only to what somebody says', async t => {
  const said = new Set(
    contracts.flatMap(({ emits, broadcasts }) => [
      ...emits.map(({ entity }) => entity),
      ...broadcasts.map(({ subject }) => subject),
    ]),
  )
  for (const { name, emits, broadcasts, listensTo } of contracts) {
    for (const { service, subject } of [...emits, ...broadcasts]) t.equal(service, name, subject)
    for (const source of listensTo)
      t.ok(
        [...said].some(subject => matches(source, subject)),
        `${name} hears ${source}`,
      )
  }
  const subjects = contracts.flatMap(({ emits, broadcasts }) => [...emits, ...broadcasts].map(({ subject }) => subject))
  t.same(repeated(subjects), [])
})

t.test('one service exchanges sessions, by an operation that only the gateway may call', async t => {
  const [exchange, ...others] = contracts.filter(({ sessionExchange }) => sessionExchange)
  t.same(others, [])
  const route = exchange?.operations.find(({ url }) => url === exchange.sessionExchange?.url)
  t.equal(route?.method, 'POST')
  t.equal(route?.policy.access, 'internal')
  const broadcasts = exchange?.broadcasts.map(({ subject }) => subject) ?? []
  t.ok(broadcasts.includes(exchange?.sessionExchange?.revokedSubject ?? ''))
  t.ok(broadcasts.includes(exchange?.sessionExchange?.beatSubject ?? ''))
})

t.test('what is not internal lies where the gateway looks', async t => {
  for (const { contract, operation } of operations) {
    const prefix = contract.name === 'console' ? /^\/console(\/|$)|^\/v1\// : /^\/v1\//
    if (operation.policy.access !== 'internal') t.match(operation.url, prefix, operation.id)
  }
})

function partsOf({ schema }: Operation): Record<string, object> {
  const { response, ...parts } = schema
  return { ...response, ...parts }
}

// A fresh one each: the same object may stand in many operations.
function compile(schema: object) {
  const ajv = new Ajv2020({ strict: true, strictTypes: false, strictTuples: false, strictRequired: false })
  addFormats.default(ajv)
  return ajv.compile(schema)
}

function isProblem(value: unknown): value is ProblemDefinition {
  return typeof value === 'function' && 'code' in value && 'meaning' in value
}

function matches(source: string, subject: string): boolean {
  const pattern = source.replaceAll('.', '\\.').replaceAll('*', '[^.]+').replaceAll('>', '.+')
  return new RegExp(`^${pattern}$`).test(subject)
}

function repeated(values: readonly string[]): string[] {
  return values.filter((value, index) => values.indexOf(value) !== index)
}
