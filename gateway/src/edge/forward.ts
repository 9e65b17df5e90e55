import type { Duplex } from 'node:stream'
import { breakOff } from '../forward/response.ts'
import type { AnswerHead, Forwarder, ForwardTarget } from '../forward/target.ts'
import type { AnswerHeads } from './answer-head.ts'
import type { Compressor } from './compression.ts'
import type { OpenDoors } from './open-doors.ts'
import type { Report } from './report.ts'
import { upstreamHeaders } from './request-headers.ts'
import type { Upgrade, Visit } from './visit.ts'

/** The last step: the request goes to a replica, the answer comes back dressed. */
export interface ForwardStep {
  forward(visit: Visit): Promise<void> | undefined
  /** What is handed to the forwarder, for those who send it themselves (an upgrade, the refresh of a kept answer). */
  targetOf(visit: Visit): ForwardTarget
}

export function createForwardStep({
  forwarder,
  heads,
  report,
  compressor,
  doors,
}: {
  forwarder: Forwarder
  heads: AnswerHeads
  report: Report
  /** Null: answers go as they come. */
  compressor: Compressor | null
  doors: OpenDoors
}): ForwardStep {
  function targetOf(visit: Visit): ForwardTarget {
    const { route, target, request, principal } = visit
    if (route === null) throw new Error('a visit without route cannot be forwarded')
    return {
      upstream: route.upstream,
      supports: route.supports,
      method: request.method ?? 'GET',
      path: target.query === '' ? target.path : target.path + target.query,
      policy: route.policy,
      headers: upstreamHeaders(visit),
      deadlineAtMs: visit.startedAtMs + route.policy.deadlineMs,
      principalKey: principal === null ? visit.clientAddress : principal.userId,
      explain: visit.explain,
      span: visit.span,
      onHead: head => dress(visit, head),
      // A failure before the head is answered by the edge, which reports it then; on a socket the forwarder answers.
      onEnd: end => {
        const isAnswered = end.outcome !== 'failed' || visit.response.headersSent || visit.upgrade !== null
        if (isAnswered) report(visit, end.status, end.bytesOut)
      },
    }
  }

  function dress(visit: Visit, head: AnswerHead): Duplex | undefined {
    const through = compressor?.between(visit, head) ?? undefined
    visit.onAnswer?.(head)
    heads.dress(visit, head.headers)
    if (head.explanation !== undefined) head.headers.push('portico-explain', asField(head.explanation))
    return through
  }

  function upgrade(visit: Visit, { head, take }: Upgrade): void {
    const socket = take()
    if (visit.principal !== null) {
      const leave = doors.open(visit, () => socket.destroy())
      socket.once('close', leave)
    }
    forwarder.upgrade(visit.request, socket, head, targetOf(visit))
  }

  /** What stays open for long ends with the session it was opened under. */
  function watch(visit: Visit): void {
    if (visit.principal === null || visit.route?.policy.flow === 'message') return
    const leave = doors.open(visit, () => breakOff(visit.response))
    visit.response.once('close', leave)
  }

  return {
    targetOf,
    forward: visit => {
      const { reply } = visit
      if (visit.upgrade !== null) {
        upgrade(visit, visit.upgrade)
        return undefined
      }
      watch(visit)
      return reply === null ? undefined : forwarder.forward({ raw: visit.request }, reply, targetOf(visit))
    },
  }
}

const longestExplanation = 8_192

/** JSON in a header field: ASCII only, bounded. */
export function asField(value: unknown): string {
  const text = JSON.stringify(value).replace(
    /[^\x20-\x7e]/g,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return text.length <= longestExplanation ? text : JSON.stringify({ truncated: text.slice(0, longestExplanation / 2) })
}
