import { defineProblem } from '../problem.ts'

export const TraceNotFound = defineProblem(
  'trace_not_found',
  404,
  'There is no such trace',
  'It was not sampled, has not arrived yet (spans are sent within seconds), or is older than the store keeps.',
)
export const MailNotFound = defineProblem(
  'mail_not_found',
  404,
  'There is no such mail',
  'It never came, or is older than the mailbox keeps.',
)
export const PageNotFound = defineProblem(
  'page_not_found',
  404,
  'There is no such page',
  'The console has no file of this name.',
)
