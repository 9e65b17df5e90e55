import type { Route } from '../context.ts'
import {
  getTraceRoute,
  listDependenciesRoute,
  listOperationsRoute,
  listServiceOperationsRoute,
  listTracedServicesRoute,
  searchTracesRoute,
} from './query.ts'

export const traces: Route = (app, context) => {
  searchTracesRoute(app, context)
  getTraceRoute(app, context)
  listTracedServicesRoute(app, context)
  listServiceOperationsRoute(app, context)
  listOperationsRoute(app, context)
  listDependenciesRoute(app, context)
}
