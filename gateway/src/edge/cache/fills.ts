import { SpanKind } from '@opentelemetry/api'
import type { Telemetry } from '@portico/telemetry'
import { LRUCache } from 'lru-cache'
import type { Forwarder, ForwardTarget } from '../../forward/target.ts'
import type { Visit } from '../visit.ts'
import type { Entry } from './entry.ts'
import { withoutFields } from './fields.ts'
import { Fill, type FillStart } from './fill.ts'
import type { FillTools } from './fill-tools.ts'
import { fieldsOfCondition, validatorsOf } from './freshen.ts'

/** Requests upstream on behalf of the cache: one for all who ask for the same at the same time. */
export interface Fills {
  /**
   * Asks, or waits for what another has asked. Resolves true once answered; rejects with a ProblemError when nothing was
   * sent to the client.
   *
   * @param stale asked about with its validators, and perhaps a stand-in for a failure
   * @param wish why a fresh answer is wanted although one may be on its way: then it does not wait for that one
   */
  fetch(key: string, visit: Visit, stale: Entry | null, wish: string | null): Promise<boolean>
  /** Asks behind the back of a client that was served something stale. */
  refresh(key: string, visit: Visit, stale: Entry): void
  count(): number
}

export interface FillsOptions {
  readonly tools: Omit<FillTools, 'send' | 'settled' | 'notShared'>
  readonly forwarder: Pick<Forwarder, 'stream'>
  readonly targetOf: (visit: Visit) => ForwardTarget
  readonly telemetry: Pick<Telemetry, 'tracer'>
  /** Monotonic milliseconds. */
  readonly clock: () => number
  /** How many keys may be fetched for several at once; the rest is fetched for each alone. */
  readonly most?: number
  /** How long one waits for another's answer before it asks by itself. */
  readonly patienceMs?: number
}

const notSharedForMs = 5_000

export function createFills(options: FillsOptions): Fills {
  const { forwarder, targetOf, clock, telemetry, most = 10_000, patienceMs = 5_000 } = options
  const running = new Map<string, Fill>()
  const notShared = new LRUCache<string, true>({ max: 10_000, ttl: notSharedForMs })

  const tools: FillTools = {
    ...options.tools,
    send: (start, fill, settle) => {
      const { span } = start
      return forwarder.stream(upstreamTarget(start), fill, problem => {
        span?.end()
        settle(problem)
      })
    },
    notShared: key => void notShared.set(key, true),
    settled: fill => {
      if (running.get(fill.key) === fill) running.delete(fill.key)
    },
  }

  function upstreamTarget({ visit, stale, span }: FillStart): ForwardTarget {
    const { onHead, onEnd, ...target } = targetOf(visit)
    // The cache needs the whole answer; what the client asked is applied to it.
    const headers = withoutFields(target.headers, fieldsOfCondition)
    if (stale !== null) headers.push(...validatorsOf(stale))
    const shared = { ...target, method: 'GET', headers, explain: false }
    return span === null ? shared : { ...shared, span, deadlineAtMs: clock() + target.policy.deadlineMs }
  }

  function start(fill: FillStart, shared: boolean): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const begun = new Fill(tools, fill, problem => (problem === null ? resolve(true) : reject(problem)))
      if (shared && running.size < most) {
        running.set(fill.key, begun)
        notShared.delete(fill.key)
      }
      begun.begin()
    })
  }

  function wait(fill: Fill, visit: Visit, alone: () => Promise<boolean>): Promise<boolean> | null {
    const leftMs = visit.startedAtMs + (visit.route?.policy.deadlineMs ?? 0) - clock()
    let joined = false
    const waiting = new Promise<boolean>((resolve, reject) => {
      const over = () => {
        clearTimeout(timer)
        visit.response.off('close', gone)
      }
      const waiter = {
        visit,
        reads: over,
        answered: () => {
          over()
          resolve(true)
        },
        alone: () => {
          over()
          alone().then(resolve, reject)
        },
      }
      const gone = () => {
        fill.leave(waiter)
        if (visit.reported) return
        options.tools.report(visit, 0, 0)
        waiter.answered()
      }
      const timer = setTimeout(
        () => {
          fill.leave(waiter)
          waiter.alone()
        },
        Math.max(1, Math.min(patienceMs, leftMs / 2)),
      )
      visit.response.on('close', gone)
      joined = fill.join(waiter)
      if (!joined) over()
    })
    return joined ? waiting : null
  }

  return {
    fetch(key, visit, stale, wish) {
      const reason = wish ?? (stale === null ? 'uri-miss' : 'stale')
      const fill: FillStart = { key, visit, stale, reason, span: null }
      const alone = () => start(fill, false)
      if (notShared.has(key)) return alone()
      const other = running.get(key)
      if (other === undefined) return start(fill, true)
      return (wish === null ? wait(other, visit, alone) : null) ?? alone()
    },
    refresh(key, visit, stale) {
      if (running.has(key) || running.size >= most) return
      const name = `refresh ${visit.route?.name ?? ''}`
      const links = [{ context: visit.span.spanContext() }]
      const span = telemetry.tracer.startSpan(name, { kind: SpanKind.INTERNAL, root: true, links })
      void start({ key, visit, stale, reason: 'stale', span }, true)
    },
    count: () => running.size,
  }
}
