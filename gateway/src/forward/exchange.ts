import { BadGateway, type ProblemError } from '@portico/contracts'
import type { Pick, PickRequest } from '../balancing/balancer.ts'
import { Attempt, type AttemptOwner } from './attempt.ts'
import type { Explanation } from './explanation.ts'
import {
  countsAsFailure,
  invitesRepeat,
  isHedgeable,
  isRepeatable,
  metClosing,
  neverLeft,
  ownProblem,
  problemOf,
  tooLate,
  unavailable,
} from './failures.ts'
import { addHopHeaders } from './hop-headers.ts'
import { Journal } from './journal.ts'
import type { Lane, Verdict, Waiting } from './lane.ts'
import { hedgeAfterMs, type LatencyTrack, track, trackGivenUp } from './latency.ts'
import type { Payload } from './payload.ts'
import type { Sink } from './sink.ts'
import type { Swept } from './sweep.ts'
import type { ForwardEnd, ForwardTarget } from './target.ts'
import type { ExchangeTools } from './tools.ts'
import { Tries } from './tries.ts'

/**
 * The life of one request in the forwarder: admitted, sent, perhaps sent again, answered. At any time it has at most two
 * attempts under way (the second is a hedge); the first that shows a usable head wins and the other is given up.
 */
export class Exchange implements AttemptOwner, Swept, Waiting, PickRequest {
  before: Swept | null = null
  after: Swept | null = null
  /** Of the answer the client got. */
  status = 0
  readonly target: ForwardTarget
  readonly hashKey: string | undefined
  readonly explain: boolean

  readonly #tools: ExchangeTools
  readonly #lane: Lane
  readonly #sink: Sink
  readonly #payload: Payload
  readonly #settle: (problem: ProblemError | null) => void
  readonly #latency: LatencyTrack
  readonly #repeatable: boolean
  /** How many of the headers are the edge's; ours come behind and are new for each attempt. */
  readonly #edgeHeaders: number
  readonly #journal: Journal | null

  #primary: Attempt | null = null
  #hedge: Attempt | null = null
  #winner: Attempt | null = null
  readonly #tries = new Tries()
  #over = false
  /** Whether the lane took it in, and whether it still counts there. */
  #admitted = false
  #counted = false
  #wakeAtMs = Number.POSITIVE_INFINITY
  #parkedAtMs = 0
  #waitedMs = 0
  #hedgeAtMs = Number.POSITIVE_INFINITY
  #upstreamStatus = 0
  #lastByteAtMs = 0
  #bytesOut = 0
  /** Of the client's body, when it was last seen to have grown. */
  #bytesIn = 0
  #grewAtMs = 0

  constructor(
    tools: ExchangeTools,
    lane: Lane,
    target: ForwardTarget,
    payload: Payload,
    sink: Sink,
    settle: (problem: ProblemError | null) => void,
  ) {
    this.#tools = tools
    this.#lane = lane
    this.target = target
    this.#payload = payload
    this.#sink = sink
    this.#settle = settle
    this.hashKey = target.principalKey
    this.#journal = Journal.of(tools.tracer, lane, target, tools.clock())
    this.explain = this.#journal !== null
    this.#latency = lane.latencyOf(target.policy)
    this.#repeatable = isRepeatable(target.policy.repeatable, target.headers)
    this.#edgeHeaders = target.headers.length
  }

  /** Null unless the client asked and may know. */
  explanation(): Explanation | null {
    return this.target.explain && this.#journal !== null ? this.#journal.explanation() : null
  }

  begin(): void {
    this.#tools.sweep.add(this)
    if (this.#payload.isEmpty) this.#enter()
    else {
      // A client that dribbles its body holds nothing of the service's meanwhile.
      this.#payload.gather(problem => {
        if (this.#over) return
        if (problem === null) this.#enter()
        else this.#finish('failed', problem, 'undecided')
      })
    }
  }

  /** Is taken in, or refused at once. */
  #enter(): void {
    const refusal = this.#lane.admit(this.target.policy.flow)
    if (refusal !== null) {
      this.#finish('failed', refusal, 'undecided')
      return
    }
    this.#admitted = true
    this.#counted = true
    this.#send()
  }

  #send(): void {
    const pick = this.#pick()
    if (pick === null) this.#waitForReplica()
    else this.#sendTo(pick, false)
  }

  #pick(): Pick | null {
    return this.#lane.upstream.pick(this.target.supports, this, this.#tries.replicas)
  }

  #sendTo(pick: Pick, isHedge: boolean): void {
    const nowMs = this.#tools.clock()
    const { method, path, headers } = this.target
    const request = { method, path, headers, body: this.#payload.next(), upgrade: null, fresh: this.#tries.fresh }
    const attempt = new Attempt(this, pick.replica, request, nowMs, isHedge)
    this.#tries.sends += 1
    if (isHedge) this.#hedge = attempt
    else this.#primary = attempt
    if (!isHedge && this.#repeatable && this.#payload.isEmpty && isHedgeable(this.target)) {
      this.#hedgeAtMs = nowMs + hedgeAfterMs(this.#latency, this.#tools.bounds.hedgeFloorMs)
    }
    this.#journal?.sent(attempt, pick, this.#tries.retries, this.#waitedMs)
    addHopHeaders(this.target, this.#edgeHeaders, nowMs, attempt.span, this.#tries.sends > 1)
    this.#lane.upstream.started(pick.replica)
    attempt.send()
  }

  /** Everybody was tried, or nobody is there. */
  #waitForReplica(): void {
    const nowMs = this.#tools.clock()
    const { upstream, parking } = this.#lane
    if (upstream.available(this.target.supports) > 0) {
      // 25, 50, 100, … ms, of which chance takes up to a half.
      const backoffMs = 25 * 2 ** Math.min(this.#tries.retries, 5) * (1 - this.#tools.random() / 2)
      this.#wakeAtMs = nowMs + backoffMs
      this.#parkedAtMs = nowMs
      this.#journal?.waits('waited', nowMs)
      return
    }
    if (this.#lane.closed || this.#waitedMs > this.#tools.bounds.parkingMs || !parking.add(this)) {
      this.#finish('failed', unavailable(1_000, 'No replica is there.'), 'failure')
      return
    }
    this.#parkedAtMs = nowMs
    this.#wakeAtMs = nowMs + this.#tools.bounds.parkingMs
    this.#journal?.waits('parked', nowMs)
  }

  /** The wait is over, by time or because a replica came: everybody may be tried again. */
  tryAgain(): void {
    if (this.#over) return
    const nowMs = this.#tools.clock()
    this.#waitedMs += nowMs - this.#parkedAtMs
    this.#wakeAtMs = Number.POSITIVE_INFINITY
    this.#lane.parking.remove(this)
    this.#tries.forgive()
    this.#send()
  }

  #sendHedge(): void {
    this.#hedgeAtMs = Number.POSITIVE_INFINITY
    const { budget, hedging, counts } = this.#lane
    if (this.#primary === null || this.#hedge !== null) return
    this.#tries.exclude(this.#primary.replica)
    const pick = this.#pick()
    if (pick === null || !hedging.withdraw() || !budget.withdraw()) return
    counts.hedges += 1
    this.#sendTo(pick, true)
  }

  look(nowMs: number, late: boolean): void {
    if (this.#winner !== null) {
      this.#lookAtSilence(nowMs)
      return
    }
    if (nowMs >= this.target.deadlineAtMs || this.#isClientSilent(nowMs)) this.#deadlinePassed()
    else if (nowMs >= this.#wakeAtMs) this.tryAgain()
    else if (this.#primary?.replica.health === 'unhealthy') this.#leaveTheSick(this.#primary)
    else if (nowMs >= this.#hedgeAtMs && !late) this.#sendHedge()
  }

  /** An upload may take hours; a client that sends nothing of it has left, or means to hold what it has. */
  #isClientSilent(nowMs: number): boolean {
    if (!this.#payload.awaitsClient || this.#payload.bytes !== this.#bytesIn || this.#grewAtMs === 0) {
      this.#bytesIn = this.#payload.bytes
      this.#grewAtMs = nowMs
    }
    return nowMs - this.#grewAtMs >= this.#tools.bounds.silenceMs
  }

  /** Whoever froze will not answer those who wait there: they go elsewhere, if they may. */
  #leaveTheSick(attempt: Attempt): void {
    if (this.#hedge !== null || !this.#repeatable || !this.#payload.canRepeat) return
    this.#tries.exclude(attempt.replica)
    const pick = this.#pick()
    if (pick === null || pick.replica.health === 'unhealthy' || !this.#lane.budget.withdraw()) return
    this.#giveUp(attempt, 'cancelled')
    this.#countRetry()
    this.#sendTo(pick, false)
  }

  #deadlinePassed(): void {
    // A client that sends slowly is no failure of the replica that reads what it sends.
    const complete = this.#payload.isComplete
    this.#giveUp(this.#primary, complete ? 'failure' : 'cancelled')
    this.#giveUp(this.#hedge, complete ? 'failure' : 'cancelled')
    this.#finish('failed', tooLate(complete), complete ? 'failure' : 'undecided')
  }

  #lookAtSilence(nowMs: number): void {
    if (this.#lastByteAtMs === 0) this.#lastByteAtMs = nowMs
    if (nowMs - this.#lastByteAtMs < this.#tools.bounds.silenceMs) return
    this.#giveUp(this.#winner, 'cancelled')
    this.#sink.broken()
    this.#finish('failed', null, 'undecided')
  }

  informed(attempt: Attempt, status: number, headers: string[]): void {
    // With two under way nobody knows yet whose hints will fit.
    if (this.#hedge === null && attempt === this.#primary) this.#sink.information(status, headers)
  }

  answered(attempt: Attempt, status: number, headers: string[]): void {
    const latencyMs = this.#tools.clock() - attempt.sentAtMs
    const failed = countsAsFailure(status)
    this.#lane.upstream.report(attempt.replica, { latencyMs, kind: failed ? 'failure' : 'ok' })
    if (this.target.policy.flow === 'message' && !failed) {
      this.#lane.limiter.observe(latencyMs)
      // A hedge is not a second request: it says nothing of how long the first is usually waited for.
      if (!attempt.isHedge) track(this.#latency, latencyMs)
    }
    this.#journal?.told(attempt, String(status), latencyMs)
    if (failed && invitesRepeat(status, this.target.method) && this.#turnDown(attempt)) return
    this.#win(attempt, status, headers)
  }

  /** Whether a failing answer is left unused: another attempt is under way, or can be made. */
  #turnDown(attempt: Attempt): boolean {
    const other = attempt === this.#primary ? this.#hedge : this.#primary
    if (other !== null) {
      attempt.discard()
      this.#close(attempt)
      return true
    }
    this.#tries.exclude(attempt.replica)
    if (!this.#payload.canRepeat || !this.#mayRepeat()) return false
    const pick = this.#pick()
    if (pick === null || !this.#lane.budget.withdraw()) return false
    attempt.discard()
    this.#close(attempt)
    this.#countRetry()
    this.#sendTo(pick, false)
    return true
  }

  #win(attempt: Attempt, status: number, headers: string[]): void {
    if (attempt.isHedge) {
      this.#lane.counts.hedgesWon += 1
      this.#lane.hedging.won()
    }
    this.#giveUp(attempt === this.#primary ? this.#hedge : this.#primary, 'cancelled')
    this.#winner = attempt
    this.#upstreamStatus = status
    try {
      this.#sink.head(status, headers, this)
    } catch (error) {
      // A head that cannot be written, or that the edge refuses.
      this.#giveUp(attempt, 'done')
      this.#finish('failed', problemOf(error instanceof Error ? error : new Error('unreadable head')), 'failure')
      return
    }
    // Streams of events are counted as work only until they begin: they are many, long, and idle. Nothing bounds them in
    // time any more, so the sweep need not look at them.
    if (this.target.policy.flow === 'events') {
      this.#release(attempt)
      this.#tools.sweep.remove(this)
    }
  }

  received(attempt: Attempt, chunk: Buffer): void {
    this.#bytesOut += chunk.length
    this.#lastByteAtMs = 0
    if (!this.#sink.data(chunk)) attempt.pause()
  }

  finished(attempt: Attempt, trailers: string[] | null): void {
    this.#close(attempt)
    this.#sink.end(trailers)
    const failed = this.#upstreamStatus >= 502 && this.#upstreamStatus <= 504
    this.#finish('answered', null, failed ? 'failure' : 'success')
  }

  failed(attempt: Attempt, error: NodeJS.ErrnoException): void {
    const tookMs = this.#tools.clock() - attempt.sentAtMs
    const problem = ownProblem(error)
    this.#journal?.told(attempt, problem?.code ?? error.code ?? 'broken', tookMs)
    this.#lane.upstream.report(attempt.replica, { latencyMs: tookMs, kind: problem === null ? 'failure' : 'cancelled' })
    attempt.done = true
    this.#close(attempt, error.code ?? 'broken')
    if (attempt === this.#winner) {
      this.#sink.broken()
      this.#finish('failed', null, 'failure')
    } else if (problem !== null) this.#finish('failed', problem, 'undecided')
    else if (this.#primary === null && this.#hedge === null) this.#afterFailure(attempt, error)
  }

  #afterFailure(attempt: Attempt, error: Error): void {
    const free = neverLeft(attempt.began, this.#payload.inOneWrite, error)
    const raced = metClosing(attempt)
    this.#tries.fresh ||= raced
    const may = this.#payload.canRepeat && (free ? this.#tries.sends < this.#tools.bounds.sends : this.#mayRepeat())
    // What never left costs nobody anything, so it needs no budget. What met a closing connection has cost nobody more
    // than its writing; it takes from the budget what is there.
    if (may && (free || this.#lane.budget.withdraw() || raced)) {
      this.#tries.exclude(attempt.replica)
      this.#countRetry()
      this.#send()
    } else
      this.#finish(
        'failed',
        free ? unavailable(1_000, 'No replica can be reached.') : BadGateway({ cause: error }),
        'failure',
      )
  }

  #mayRepeat(): boolean {
    return this.#repeatable && this.#tries.repeat(this.#tools.bounds.repeats)
  }

  #countRetry(): void {
    this.#tries.retries += 1
    this.#lane.counts.retries += 1
  }

  resume(): void {
    this.#lastByteAtMs = 0
    this.#winner?.resume()
  }

  /** @param whole whether the client had its whole answer */
  clientClosed(whole: boolean): void {
    if (this.#over || whole) return
    this.#giveUp(this.#primary, 'cancelled')
    this.#giveUp(this.#hedge, 'cancelled')
    this.#finish('client-left', null, 'undecided')
  }

  /** Stops an attempt and says why: it failed its deadline, nobody waits for it, or all was said already. */
  #giveUp(attempt: Attempt | null, kind: 'failure' | 'cancelled' | 'done'): void {
    if (attempt === null || attempt.done) return
    const tookMs = this.#tools.clock() - attempt.sentAtMs
    if (kind !== 'done' && !attempt.headSeen) {
      this.#lane.upstream.report(attempt.replica, { latencyMs: tookMs, kind })
      // Left out, the slow ones would vanish from the percentile that tells what is slow.
      if (kind === 'cancelled' && this.#winner === null && !attempt.isHedge) trackGivenUp(this.#latency, tookMs)
      this.#journal?.told(attempt, kind, tookMs)
    }
    attempt.abort()
    this.#close(attempt, kind)
  }

  #close(attempt: Attempt, error: string | null = null): void {
    if (attempt === this.#primary) this.#primary = null
    else if (attempt === this.#hedge) this.#hedge = null
    this.#journal?.closed(attempt, this.#winner === attempt ? this.#upstreamStatus : 0, error)
    this.#release(attempt)
  }

  #release(attempt: Attempt): void {
    if (attempt.released) return
    attempt.released = true
    this.#lane.upstream.ended(attempt.replica)
    if (this.#winner === attempt) this.#leaveLane()
  }

  #leaveLane(): void {
    if (!this.#counted) return
    this.#counted = false
    this.#lane.leave(this.target.policy.flow)
  }

  #finish(outcome: ForwardEnd['outcome'], problem: ProblemError | null, verdict: Verdict): void {
    if (this.#over) return
    this.#over = true
    this.#tools.sweep.remove(this)
    this.#lane.parking.remove(this)
    this.#leaveLane()
    if (this.#admitted) this.#lane.judge(verdict)
    this.target.onEnd?.({
      outcome,
      status: this.status,
      replica: this.#winner?.replica ?? null,
      retries: this.#tries.retries,
      bytesIn: this.#payload.bytes,
      bytesOut: this.#bytesOut,
    })
    this.#settle(problem)
  }
}
