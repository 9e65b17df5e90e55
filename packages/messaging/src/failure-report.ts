/** A failure as it is kept and shown. */
export interface FailureReport {
  name: string
  message: string
  stack: string
}

const messageLimit = 2_000
const stackLimit = 8_000

export function reportOf(error: unknown): FailureReport {
  const failure = error instanceof Error ? error : new Error(String(error))
  const cause = failure.cause instanceof Error ? `\ncaused by ${failure.cause.stack ?? failure.cause.message}` : ''
  return {
    name: failure.name,
    message: failure.message.slice(0, messageLimit),
    stack: `${failure.stack ?? ''}${cause}`.slice(0, stackLimit),
  }
}
