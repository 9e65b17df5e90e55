import { resolve } from 'node:path'
import { integer, memberConfig, memberVariables, readEnvironment, text } from '@portico/chassis'

export type Config = ReturnType<typeof readConfig>

/** The only reader of the environment. A mistake stops the start, and names the variable. */
export function readConfig(env: Readonly<Record<string, string | undefined>>) {
  const read = readEnvironment(env, {
    ...memberVariables('console'),
    CONSOLE_STATE: text(),
    OTLP_PORT: integer({ min: 0, max: 65_535, or: 4_318 }),
    SMTP_PORT: integer({ min: 0, max: 65_535, or: 2_525 }),
    CONSOLE_SPANS: integer({ min: 1_000, max: 100_000_000, or: 1_000_000 }),
    CONSOLE_MAILS: integer({ min: 10, max: 1_000_000, or: 10_000 }),
  })
  return {
    ...memberConfig(read),
    state: resolve(read.CONSOLE_STATE),
    otlpPort: read.OTLP_PORT,
    smtpPort: read.SMTP_PORT,
    /** How many are kept at most; the oldest go. */
    keep: { spans: read.CONSOLE_SPANS, mails: read.CONSOLE_MAILS },
  }
}
