import { resolve } from 'node:path'
import { integer, readEnvironment, serviceConfig, serviceVariables, text } from '@portico/chassis'

export type Config = ReturnType<typeof readConfig>

/** The only reader of the environment. A mistake stops the start, and names the variable. */
export function readConfig(env: Readonly<Record<string, string | undefined>>) {
  const read = readEnvironment(env, {
    ...serviceVariables('file'),
    FILE_ROOT: text(),
    FILE_QUOTA_BYTES: integer({ min: 0, or: 10 * 1_024 ** 3 }),
  })
  return { ...serviceConfig(read), root: resolve(read.FILE_ROOT), quotaBytes: read.FILE_QUOTA_BYTES }
}
