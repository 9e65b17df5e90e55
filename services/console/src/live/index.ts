import { listReplicas } from '@portico/contracts/console'
import type { Route } from '../context.ts'

export const live: Route = (app, { replicas }) => {
  app.route({ ...listReplicas, handler: () => ({ items: replicas.all() }) })
}
