import { DeadlineExceeded, internalHeaders, type ProblemError } from '@portico/contracts'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/** Longer ones are cut: Node's timers end at 2^31 ms. */
const longestMs = 24 * 60 * 60 * 1_000

declare module 'fastify' {
  interface FastifyRequest {
    deadline: Deadline | null
  }
}

/** How long the caller waits, and the signal that tells everybody below when there is no point in going on. */
export class Deadline {
  readonly endsAtMs: number
  readonly #timer: NodeJS.Timeout
  // Made when somebody asks: most handlers do not.
  #controller: AbortController | undefined
  #reason: ProblemError | Error | undefined

  constructor(inMs: number, onPassed: (problem: ProblemError) => void) {
    this.endsAtMs = performance.now() + inMs
    this.#timer = setTimeout(() => {
      const problem = DeadlineExceeded()
      this.abort(problem)
      onPassed(problem)
    }, inMs)
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#reason && !this.#controller.signal.aborted) this.#controller.abort(this.#reason)
    return this.#controller.signal
  }

  /** Why it ended early: `DeadlineExceeded`, or that the client left. */
  get reason(): Error | undefined {
    return this.#reason
  }

  /** For the next hop. */
  get leftMs(): number {
    return Math.max(0, Math.round(this.endsAtMs - performance.now()))
  }

  abort(reason: Error): void {
    this.#reason ??= reason
    this.#controller?.abort(reason)
  }

  clear(): void {
    clearTimeout(this.#timer)
  }
}

/**
 * `request.signal` aborts when the caller's deadline (`portico-deadline-ms`, or the route's own) passes before the
 * answer began, or when the client leaves. At the deadline the caller gets a 504 at once; what the handler still does
 * has nobody to answer to, and `transact` rolls it back.
 */
export function keepDeadlines(app: FastifyInstance): void {
  app.decorateRequest('deadline', null)
  app.decorateRequest('signal', {
    getter(this: FastifyRequest) {
      return this.deadline?.signal ?? new AbortController().signal
    },
  })
  app.addHook('onRequest', (request, reply, done) => {
    const deadline = new Deadline(deadlineOf(request), problem => answerLate(reply, problem))
    request.deadline = deadline
    reply.raw.once('close', () => {
      deadline.clear()
      if (!reply.raw.writableEnded) deadline.abort(new Error('The client left'))
    })
    done()
  })
}

function answerLate(reply: FastifyReply, problem: ProblemError) {
  // Once it streams, the deadline is kept: it reaches to the answer's last header.
  if (!reply.sent && !reply.raw.headersSent) reply.send(problem)
}

function deadlineOf(request: FastifyRequest): number {
  const own = request.routeOptions.config.operation?.policy.deadlineMs ?? 10_000
  const given = request.headers[internalHeaders.deadline]
  const callersMs = typeof given === 'string' && /^\d{1,10}$/.test(given) ? Number(given) : own
  return Math.min(callersMs, longestMs)
}
