import { InvalidInput } from '@portico/contracts'
import {
  getTrace,
  listDependencies,
  listOperations,
  listServiceOperations,
  listTracedServices,
  searchTraces,
  TraceNotFound,
} from '@portico/contracts/console'
import type { Route } from '../context.ts'
import { attributesAskedFor, durationUsOf, jaegerTrace } from './jaeger.ts'
import type { Attributes } from './span.ts'

const enveloped = <Data>(data: Data, total = 0, limit = 0) => ({ data, total, limit, offset: 0, errors: null })

export const searchTracesRoute: Route = (app, { spans }) => {
  app.route({
    ...searchTraces,
    handler: request => {
      const { service, operation, start, end, limit = 20, traceID, tags, tag } = request.query
      const ids =
        traceID ??
        spans.search({
          ...(service ? { service } : {}),
          ...(operation && operation !== 'all' ? { operation } : {}),
          ...(start === undefined ? {} : { startUs: start }),
          ...(end === undefined ? {} : { endUs: end }),
          ...optional('minDurationUs', durationUsOf(request.query.minDuration)),
          ...optional('maxDurationUs', durationUsOf(request.query.maxDuration)),
          attributes: attributesOrRefuse(tags, tag),
          limit,
        })
      const found = ids.map(id => jaegerTrace(id, spans.trace(id))).filter(trace => trace.spans.length > 0)
      return enveloped(found, found.length, limit)
    },
  })
}

export const getTraceRoute: Route = (app, { spans }) => {
  app.route({
    ...getTrace,
    handler: request => {
      const id = request.params.traceId.toLowerCase().padStart(32, '0')
      const found = spans.trace(id)
      if (found.length === 0) throw TraceNotFound()
      return enveloped([jaegerTrace(id, found)])
    },
  })
}

export const listTracedServicesRoute: Route = (app, { spans }) => {
  app.route({
    ...listTracedServices,
    handler: () => {
      const services = spans.services()
      return enveloped(services, services.length)
    },
  })
}

export const listServiceOperationsRoute: Route = (app, { spans }) => {
  app.route({
    ...listServiceOperations,
    handler: request => {
      const names = [...new Set(spans.operations(request.params.service).map(({ name }) => name))]
      return enveloped(names, names.length)
    },
  })
}

export const listOperationsRoute: Route = (app, { spans }) => {
  app.route({
    ...listOperations,
    handler: request => {
      const { service, spanKind } = request.query
      const found = spans.operations(service).filter(({ kind }) => !spanKind || kind === spanKind)
      return enveloped(
        found.map(({ name, kind }) => ({ name, spanKind: kind })),
        found.length,
      )
    },
  })
}

const aDayMs = 86_400_000

export const listDependenciesRoute: Route = (app, { spans, clock }) => {
  app.route({
    ...listDependencies,
    handler: request => {
      const { endTs = clock().getTime(), lookback = aDayMs } = request.query
      const found = spans.dependencies((endTs - lookback) * 1_000, endTs * 1_000)
      return enveloped(
        found.map(({ parent, child, calls }) => ({ parent, child, callCount: calls })),
        found.length,
      )
    },
  })
}

const optional = <Name extends string>(name: Name, value: number | undefined) =>
  value === undefined ? {} : ({ [name]: value } as Record<Name, number>)

function attributesOrRefuse(tags: string | undefined, pairs: string[] | undefined): Attributes {
  try {
    return attributesAskedFor(tags, pairs)
  } catch {
    throw InvalidInput({ errors: [{ pointer: '#/tags', in: 'query', detail: 'must be a JSON object' }] })
  }
}
