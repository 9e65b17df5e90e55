import type { Replica } from './replica.ts'
import type { Upstreams } from './upstreams.ts'

export interface HealthOptions {
  readonly everyMs: number
  readonly timeoutMs: number
  /** So many in a row without an answer are unhealthy. A refusal or a 503 is at once: it leaves no doubt. */
  readonly silences: number
  readonly path: string
}

export const healthDefaults: HealthOptions = { everyMs: 500, timeoutMs: 700, silences: 2, path: '/readyz' }

/**
 * Asks each replica whether it is ready, each `everyMs` and at once when a request to it has failed: a killed process is
 * out after its first refusal, a frozen one within two seconds, and neither needs a request to find out that
 * it is back.
 */
export function createHealthChecks(upstreams: Upstreams, options: HealthOptions = healthDefaults): { close(): void } {
  const asking = new WeakSet<Replica>()
  const silences = new WeakMap<Replica, number>()
  const watched = new Map<string, () => void>()

  async function check(service: string, replica: Replica): Promise<void> {
    // A replica that leaves says itself that it is not ready; one question at a time is enough.
    if (asking.has(replica) || replica.draining || replica.pool.closed) return
    asking.add(replica)
    const found = await ask(replica, options)
    asking.delete(replica)
    const silent = found === 'silent' ? (silences.get(replica) ?? 0) + 1 : 0
    silences.set(replica, silent)
    if (found === 'silent' && silent < options.silences) {
      // Asked again at once: waiting for the next round would leave a frozen one in for longer than two seconds.
      void check(service, replica)
      return
    }
    upstreams.of(service).setHealth(replica, found === 'ready' ? 'healthy' : 'unhealthy')
  }

  function checkAll(): void {
    for (const upstream of upstreams.all()) {
      const { service } = upstream
      if (!watched.has(service)) {
        watched.set(
          service,
          upstream.onFailure(replica => void check(service, replica)),
        )
      }
      for (const replica of upstream.replicas) void check(service, replica)
    }
  }

  const timer = setInterval(checkAll, options.everyMs)
  timer.unref()
  return {
    close() {
      clearInterval(timer)
      for (const stop of watched.values()) stop()
    },
  }
}

async function ask(replica: Replica, { path, timeoutMs }: HealthOptions): Promise<'ready' | 'refused' | 'silent'> {
  try {
    const signal = AbortSignal.timeout(timeoutMs)
    const { statusCode, body } = await replica.pool.request({ path, method: 'GET', signal })
    await body.dump({ limit: 64 * 1_024 })
    return statusCode < 500 ? 'ready' : 'refused'
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : ''
    return code === 'ECONNREFUSED' ? 'refused' : 'silent'
  }
}
