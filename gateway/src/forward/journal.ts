import type { Tracer } from '@opentelemetry/api'
import type { Pick } from '../balancing/balancer.ts'
import type { Attempt } from './attempt.ts'
import { endAttemptSpan, startAttemptSpan } from './attempt-span.ts'
import type { Explanation, Step } from './explanation.ts'
import type { Lane } from './lane.ts'
import type { ForwardTarget } from './target.ts'

/** What is written down of one request, when somebody will read it: as spans, and for `Portico-Explain`. */
export class Journal {
  readonly #tracer: Tracer
  readonly #lane: Lane
  readonly #target: ForwardTarget
  readonly #beganAtMs: number
  readonly #steps: Step[] = []

  private constructor(tracer: Tracer, lane: Lane, target: ForwardTarget, nowMs: number) {
    this.#tracer = tracer
    this.#lane = lane
    this.#target = target
    this.#beganAtMs = nowMs
  }

  /** Null when nobody will read it, which is most requests: they pay nothing. */
  static of(tracer: Tracer, lane: Lane, target: ForwardTarget, nowMs: number): Journal | null {
    return target.explain || target.span.isRecording() ? new Journal(tracer, lane, target, nowMs) : null
  }

  explanation(): Explanation {
    const { upstream } = this.#lane
    return { service: upstream.service, strategy: upstream.strategy, steps: this.#steps }
  }

  sent(attempt: Attempt, { replica, scores }: Pick, resends: number, waitedMs: number): void {
    const { isHedge, sentAtMs } = attempt
    const { span, method } = this.#target
    this.#steps.push({ atMs: this.#since(sentAtMs), did: isHedge ? 'hedged' : 'sent', replica: replica.id, scores })
    if (!span.isRecording()) return
    attempt.span = startAttemptSpan(this.#tracer, span, method, replica, {
      strategy: this.#lane.upstream.strategy,
      scores,
      resends,
      isHedge,
      waitedMs,
      inFlight: replica.inFlight,
    })
  }

  waits(did: 'waited' | 'parked', nowMs: number): void {
    this.#steps.push({ atMs: this.#since(nowMs), did })
  }

  /** @param outcome a status, or the kind of failure */
  told(attempt: Attempt, outcome: string, tookMs: number): void {
    const step = this.#steps.findLast(one => one.replica === attempt.replica.id)
    if (step === undefined) return
    step.outcome = outcome
    step.tookMs = round(tookMs)
  }

  closed(attempt: Attempt, status: number, error: string | null): void {
    if (attempt.span !== null) endAttemptSpan(attempt.span, status, error)
    attempt.span = null
  }

  #since(nowMs: number): number {
    return round(nowMs - this.#beganAtMs)
  }
}

const round = (ms: number) => Math.round(ms * 100) / 100
