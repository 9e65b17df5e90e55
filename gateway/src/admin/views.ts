import type { Upstream } from '../balancing/upstream.ts'
import type { Context } from '../context.ts'

/** A service as operators see it: its replicas, and what the forwarder keeps about it. */
export function viewOfUpstream({ forwarder, directory }: Context, upstream: Upstream) {
  const known = directory.services().find(({ name }) => name === upstream.service)
  return {
    ...upstream.snapshot(),
    lane: forwarder.snapshot().find(({ service }) => service === upstream.service) ?? null,
    contract:
      known?.newest === undefined || known.newest === null
        ? null
        : { version: known.newest.document.version, digest: known.newest.digest },
    sightings: [...(known?.replicas.values() ?? [])].map(({ sighting, digest }) => ({
      replica: sighting.instance,
      source: sighting.source,
      contractDigest: digest,
    })),
  }
}

export function viewOfRoutes({ directory }: Context) {
  const { routes, refused } = directory.table
  return {
    items: routes.map(({ service, id, method, url, policy }) => ({ service, operation: id, method, url, policy })),
    refused: [...refused],
  }
}

/** The route a request would take, and how each replica stands. Nothing is sent, though a pick is made. */
export function explain({ directory }: Context, method: string, path: string) {
  const route = directory.table.find(method, path)
  if (route === null) return { route: null, allow: directory.table.methodsOf(path) }
  const { service, id, url, policy, upstream, supports } = route
  const pick = upstream.pick(supports, { explain: true }, new Set())
  return {
    route: { service, operation: id, method: route.method, url, policy },
    strategy: upstream.strategy,
    chosen: pick?.replica.id ?? null,
    scores: pick?.scores ?? [],
    replicas: upstream.snapshot().replicas.map(replica => ({
      id: replica.id,
      hasRoute: upstream.replicas.some(one => one.id === replica.id && supports(one)),
      health: replica.health,
      draining: replica.draining,
      ejectedForMs: replica.ejectedForMs,
      weight: replica.weight,
      inFlight: replica.inFlight,
    })),
  }
}

export function viewOfStatus({ bus, directory, sessions, config, readiness }: Context) {
  return {
    instance: config.instance,
    pid: process.pid,
    zone: config.zone,
    stopping: readiness.stopping,
    natsConnected: bus.isConnected(),
    sessionsKept: sessions.size(),
    exchanger: directory.exchanger()?.service ?? null,
    services: directory.services().map(({ name, replicas, newest }) => ({
      name,
      version: newest?.document.version ?? null,
      replicas: replicas.size,
    })),
  }
}
