import { defineProblem } from '../problem.ts'

export const NoticeNotFound = defineProblem(
  'notice_not_found',
  404,
  'There is no such notice',
  'It never was, was deleted, or is for somebody else.',
)
