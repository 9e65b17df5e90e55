export { Answer, answer, created, noContent } from './http/answer.ts'
export type { App, OperationRoute, RequestOf } from './http/app.ts'
export { answerBrokenRequest } from './http/broken-requests.ts'
export { etagOf, notModified, requireMatch } from './http/conditional.ts'
export { pageAnswer } from './http/pages.ts'
export type { Checks } from './http/probes.ts'
export { sendProblem } from './http/problems.ts'
export { announcementOf } from './process/announce.ts'
export { prepareClose } from './process/close-server.ts'
export {
  choice,
  flag,
  integer,
  json,
  list,
  number,
  type Readers,
  readEnvironment,
  text,
  url,
} from './process/environment.ts'
export { createLifecycle, type Lifecycle } from './process/lifecycle.ts'
export { type RunOptions, runService } from './process/run.ts'
export {
  memberConfig,
  memberVariables,
  processVariables,
  type ServiceConfig,
  serviceConfig,
  serviceVariables,
} from './process/variables.ts'
export { createService, type ServiceOptions } from './service.ts'
export { createJobs, type Job, type Jobs } from './work/jobs.ts'
export { type Transact, unitOfWork } from './work/unit-of-work.ts'
export { untilDone } from './work/until-done.ts'
