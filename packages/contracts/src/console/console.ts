import { Type } from 'typebox'
import { defineOperation } from '../operation.ts'
import { InvalidCursor } from '../problems.ts'
import { pageOf, pageQuery } from '../schemas.ts'
import { MailNotFound, PageNotFound, TraceNotFound } from './problems.ts'
import { JaegerTrace, jaegerAnswer, MailboxItem, ReplicaState } from './schemas.ts'

const tags = ['Console'] as const
/** Everything but the page itself, which shows how to sign in. */
const operators = { access: ['operator'] as const }
const Id = Type.String({ minLength: 1, maxLength: 64 })

export const getConsolePage = defineOperation({
  id: 'getConsolePage',
  method: 'GET',
  url: '/console',
  summary: 'The console’s page',
  tags,
  produces: 'text/html',
  schema: { response: { 200: Type.Unknown() } },
  policy: { access: 'public' },
})
export const getConsoleAsset = defineOperation({
  id: 'getConsoleAsset',
  method: 'GET',
  url: '/console/*',
  summary: 'What the page is made of',
  tags,
  produces: '*/*',
  schema: { params: Type.Object({ '*': Type.String({ maxLength: 200 }) }), response: { 200: Type.Unknown() } },
  errors: [PageNotFound],
  policy: { access: 'public' },
})

export const listReplicas = defineOperation({
  id: 'listReplicas',
  method: 'GET',
  url: '/console/api/replicas',
  summary: 'Who is out there, as announced',
  tags,
  schema: { response: { 200: Type.Object({ items: Type.Array(ReplicaState) }) } },
  policy: operators,
})

export const listMails = defineOperation({
  id: 'listMails',
  method: 'GET',
  url: '/console/api/mailbox',
  summary: 'Mails that came, newest first',
  tags,
  schema: {
    querystring: Type.Object({
      ...pageQuery,
      to: Type.Optional(Type.String({ maxLength: 254, description: 'An address, in any case' })),
    }),
    response: { 200: pageOf(MailboxItem) },
  },
  errors: [InvalidCursor],
  policy: operators,
})
export const getMail = defineOperation({
  id: 'getMail',
  method: 'GET',
  url: '/console/api/mailbox/:id',
  summary: 'One mail',
  tags,
  schema: { params: Type.Object({ id: Id }), response: { 200: MailboxItem } },
  errors: [MailNotFound],
  policy: operators,
})

export const getMailHtml = defineOperation({
  id: 'getMailHtml',
  method: 'GET',
  url: '/console/api/mailbox/:id/html',
  summary: 'The HTML of one mail, for a frame: it runs no script and fetches nothing',
  tags,
  produces: 'text/html',
  schema: { params: Type.Object({ id: Id }), response: { 200: Type.Unknown() } },
  errors: [MailNotFound],
  policy: operators,
})

const traceQuery = Type.Object({
  service: Type.Optional(Type.String({ maxLength: 200 })),
  operation: Type.Optional(Type.String({ maxLength: 300 })),
  tags: Type.Optional(Type.String({ maxLength: 4_000, description: 'A JSON object of attributes and their values' })),
  tag: Type.Optional(Type.Array(Type.String({ maxLength: 300 }), { maxItems: 20, description: '`name:value`' })),
  traceID: Type.Optional(Type.Array(Type.String({ maxLength: 32 }), { maxItems: 50 })),
  start: Type.Optional(Type.Integer({ minimum: 0, description: 'Microseconds since 1970' })),
  end: Type.Optional(Type.Integer({ minimum: 0, description: 'Microseconds since 1970' })),
  minDuration: Type.Optional(Type.String({ pattern: '^$|^[0-9.]+(?:ns|us|µs|ms|s|m|h)$', description: '`1.5ms`' })),
  maxDuration: Type.Optional(Type.String({ pattern: '^$|^[0-9.]+(?:ns|us|µs|ms|s|m|h)$' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_500, default: 20 })),
  lookback: Type.Optional(Type.String({ maxLength: 20 })),
})

export const searchTraces = defineOperation({
  id: 'searchTraces',
  method: 'GET',
  url: '/console/jaeger/api/traces',
  summary: 'Search traces (Jaeger’s query API)',
  tags,
  schema: { querystring: traceQuery, response: { 200: jaegerAnswer(Type.Array(JaegerTrace)) } },
  policy: operators,
})
export const getTrace = defineOperation({
  id: 'getTrace',
  method: 'GET',
  url: '/console/jaeger/api/traces/:traceId',
  summary: 'One trace (Jaeger’s query API)',
  tags,
  schema: {
    params: Type.Object({ traceId: Type.String({ pattern: '^[0-9a-fA-F]{1,32}$' }) }),
    response: { 200: jaegerAnswer(Type.Array(JaegerTrace)) },
  },
  errors: [TraceNotFound],
  policy: operators,
})
export const listTracedServices = defineOperation({
  id: 'listTracedServices',
  method: 'GET',
  url: '/console/jaeger/api/services',
  summary: 'Services that have sent spans (Jaeger’s query API)',
  tags,
  schema: { response: { 200: jaegerAnswer(Type.Array(Type.String())) } },
  policy: operators,
})
export const listServiceOperations = defineOperation({
  id: 'listServiceOperations',
  method: 'GET',
  url: '/console/jaeger/api/services/:service/operations',
  summary: 'Names of a service’s spans (Jaeger’s query API)',
  tags,
  schema: {
    params: Type.Object({ service: Type.String({ maxLength: 200 }) }),
    response: { 200: jaegerAnswer(Type.Array(Type.String())) },
  },
  policy: operators,
})
export const listOperations = defineOperation({
  id: 'listOperations',
  method: 'GET',
  url: '/console/jaeger/api/operations',
  summary: 'Names of a service’s spans, with their kinds (Jaeger’s query API)',
  tags,
  schema: {
    querystring: Type.Object({
      service: Type.String({ maxLength: 200 }),
      spanKind: Type.Optional(Type.String({ maxLength: 20 })),
    }),
    response: { 200: jaegerAnswer(Type.Array(Type.Object({ name: Type.String(), spanKind: Type.String() }))) },
  },
  policy: operators,
})
export const listDependencies = defineOperation({
  id: 'listDependencies',
  method: 'GET',
  url: '/console/jaeger/api/dependencies',
  summary: 'Which service calls which, and how often (Jaeger’s query API)',
  tags,
  schema: {
    querystring: Type.Object({
      endTs: Type.Optional(Type.Integer({ minimum: 0, description: 'Milliseconds since 1970' })),
      lookback: Type.Optional(Type.Integer({ minimum: 1, description: 'Milliseconds' })),
    }),
    response: {
      200: jaegerAnswer(
        Type.Array(Type.Object({ parent: Type.String(), child: Type.String(), callCount: Type.Integer() })),
      ),
    },
  },
  policy: operators,
})
