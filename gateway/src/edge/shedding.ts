import type { ProblemError } from '@portico/contracts'
import type { Forwarder } from '../forward/target.ts'
import type { AnswerHeads } from './answer-head.ts'
import { problemHead, sendEarly } from './problem-answer.ts'
import type { Report } from './report.ts'
import type { Visit } from './visit.ts'

/** True: the request was refused and answered. */
export type Shed = (visit: Visit) => boolean

/**
 * Refuses at once what the service could not take: before the session is exchanged, the request counted and its headers
 * written anew, since in an overload refusing is most of the work. What a cache may answer goes on; the forwarder asks
 * again when it comes to that.
 *
 * It answers by itself: to throw, to unwind and to build the problem anew was a sixth of what a refusal costs. The span has
 * the problem's name, without an exception: its stack would be the same in each of thousands.
 */
export function createShedding({
  forwarder,
  heads,
  report,
}: {
  forwarder: Pick<Forwarder, 'refusal'>
  heads: AnswerHeads
  report: Report
}): Shed {
  const refusals = new WeakMap<ProblemError, Refusal>()

  function refusalOf(problem: ProblemError): Refusal {
    let refusal = refusals.get(problem)
    if (refusal === undefined) {
      refusal = {
        beginning: JSON.stringify(problem.toProblem()).slice(0, -1),
        headers: Object.entries(problem.headers).flat(),
      }
      refusals.set(problem, refusal)
    }
    return refusal
  }

  return visit => {
    const { route, upgrade, target, traceId } = visit
    if (route === null || route.policy.cache !== null || upgrade !== null) return false
    const problem = forwarder.refusal(route.upstream, route.policy.flow)
    if (problem === null) return false
    visit.errorCode = problem.code
    const { beginning, headers: own } = refusalOf(problem)
    const body = `${beginning},"instance":${JSON.stringify(target.path)},"traceId":"${traceId}"}`
    const headers = problemHead(body, own)
    heads.dress(visit, headers)
    sendEarly(visit, problem.status, headers, body)
    report(visit, problem.status, 0)
    return true
  }
}

/** What all refusals for the same reason have in common. */
interface Refusal {
  /** The body up to what is the request's own. */
  readonly beginning: string
  readonly headers: readonly string[]
}
