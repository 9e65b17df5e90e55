import { createUpstream, type Upstream, type UpstreamOptions } from './upstream.ts'

/** All services this gateway knows of. */
export interface Upstreams {
  /** The service's replicas; an unknown service begins with none. */
  of(service: string): Upstream
  all(): readonly Upstream[]
  close(): Promise<void>
}

/** @param optionsOf how a service is balanced; called once a service */
export function createUpstreams(optionsOf: (service: string) => UpstreamOptions): Upstreams {
  const upstreams = new Map<string, Upstream>()
  return {
    of(service) {
      let upstream = upstreams.get(service)
      if (upstream === undefined) {
        upstream = createUpstream(service, optionsOf(service))
        upstreams.set(service, upstream)
      }
      return upstream
    },
    all: () => [...upstreams.values()],
    async close() {
      await Promise.all([...upstreams.values()].map(upstream => upstream.close()))
    },
  }
}
