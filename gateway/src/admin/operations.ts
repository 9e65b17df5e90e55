import { CachePurge, contractDocument, defineOperation, NotFound, type ServiceContract } from '@portico/contracts'
import { Type } from 'typebox'
import { strategies } from '../balancing/balancer.ts'

// The admin API as data, like every other: it validates, documents, and is served at the admin port's /openapi.json.

const policy = { access: 'public', rateClass: 'none', bodyLimitBytes: 64 * 1_024 } as const
const nullableNumber = Type.Union([Type.Number({ minimum: 0, maximum: 1_000 }), Type.Null()])
const service = Type.Object({ service: Type.String() })
const upstream = Type.Unknown({ description: 'A service with its replicas: health, weights, load, latencies, limits' })

export const listUpstreams = defineOperation({
  id: 'listUpstreams',
  method: 'GET',
  url: '/upstreams',
  summary: 'All services and their replicas as this gateway sees them',
  schema: { response: { 200: Type.Object({ items: Type.Array(upstream) }) } },
  policy,
})
export const getUpstream = defineOperation({
  id: 'getUpstream',
  method: 'GET',
  url: '/upstreams/:service',
  summary: 'One service and its replicas',
  schema: { params: service, response: { 200: upstream } },
  errors: [NotFound],
  policy,
})
export const changeUpstream = defineOperation({
  id: 'changeUpstream',
  method: 'PATCH',
  url: '/upstreams/:service',
  summary: 'How a service is balanced',
  description: 'A split gives each version a share: `{ "2.0.0": 5, "1.9.0": 95 }`. Null takes it back.',
  schema: {
    params: service,
    body: Type.Object(
      {
        strategy: Type.Optional(Type.Enum([...strategies])),
        split: Type.Optional(
          Type.Union([Type.Record(Type.String(), Type.Number({ minimum: 0, maximum: 1_000_000 })), Type.Null()]),
        ),
      },
      { additionalProperties: false, minProperties: 1 },
    ),
    response: { 200: upstream },
  },
  errors: [NotFound],
  policy,
})
export const changeReplica = defineOperation({
  id: 'changeReplica',
  method: 'PATCH',
  url: '/upstreams/:service/replicas/:replica',
  summary: 'The weight of one replica, or whether it is drained',
  description: 'An order goes before what the replica says of itself; null takes it back.',
  schema: {
    params: Type.Object({ service: Type.String(), replica: Type.String() }),
    body: Type.Object(
      {
        weight: Type.Optional(nullableNumber),
        draining: Type.Optional(Type.Union([Type.Boolean(), Type.Null()])),
      },
      { additionalProperties: false, minProperties: 1 },
    ),
    response: { 200: upstream },
  },
  errors: [NotFound],
  policy,
})
export const listRoutes = defineOperation({
  id: 'listRoutes',
  method: 'GET',
  url: '/routes',
  summary: 'The route table: who holds which route, its policy, and what was refused',
  schema: {
    response: { 200: Type.Object({ items: Type.Array(Type.Unknown()), refused: Type.Array(Type.Unknown()) }) },
  },
  policy,
})
export const explainRequest = defineOperation({
  id: 'explainRequest',
  method: 'GET',
  url: '/explain',
  summary: 'What would become of a request, without sending it',
  schema: {
    querystring: Type.Object({ method: Type.Optional(Type.String()), path: Type.String({ pattern: '^/' }) }),
    response: { 200: Type.Unknown() },
  },
  policy,
})
export const cacheState = defineOperation({
  id: 'cacheState',
  method: 'GET',
  url: '/cache',
  summary: 'What the response cache holds',
  schema: {
    response: {
      200: Type.Object({
        entries: Type.Integer(),
        bytes: Type.Integer(),
        limitBytes: Type.Integer({ description: '0: nothing is kept' }),
        filling: Type.Integer({ description: 'Requests upstream whose answers may be kept' }),
      }),
    },
  },
  policy,
})
export const purgeCache = defineOperation({
  id: 'purgeCache',
  method: 'POST',
  url: '/cache/purge',
  summary: 'Drop kept answers by tag, at every gateway',
  schema: {
    body: CachePurge,
    response: { 200: Type.Object({ dropped: Type.Integer({ description: 'Answers that went here' }) }) },
  },
  policy,
})
export const status = defineOperation({
  id: 'status',
  method: 'GET',
  url: '/status',
  summary: 'This gateway: what it is connected to and what it holds',
  schema: { response: { 200: Type.Unknown() } },
  policy,
})

const contract: ServiceContract = {
  name: 'gateway',
  version: '1.0.0',
  description: 'What operators may ask and change',
  operations: [
    status,
    listUpstreams,
    getUpstream,
    changeUpstream,
    changeReplica,
    listRoutes,
    explainRequest,
    cacheState,
    purgeCache,
  ],
  emits: [],
  broadcasts: [],
  listensTo: [],
}
export const adminDocument = contractDocument(contract)
