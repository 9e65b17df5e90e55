import type { AnswerHeads } from './answer-head.ts'
import { sendEarly } from './problem-answer.ts'
import type { Report } from './report.ts'
import type { Visit } from './visit.ts'

export interface PlainAnswer {
  readonly status: number
  /** Flat. */
  readonly headers: string[]
  readonly body?: Buffer
}

const nothing = Buffer.alloc(0)

/** What the gateway answers itself. True: it did. */
export function answerPlain(visit: Visit, answer: PlainAnswer, heads: AnswerHeads, report: Report): true {
  const { status, headers, body = nothing } = answer
  const list = [...headers]
  if (status !== 204 && status !== 304) list.push('content-length', String(body.length))
  heads.dress(visit, list)
  sendEarly(visit, status, list, body)
  report(visit, status, body.length)
  return true
}
