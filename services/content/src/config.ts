import { readEnvironment, serviceConfig, serviceVariables } from '@portico/chassis'

export type Config = ReturnType<typeof readConfig>

/** The only reader of the environment. A mistake stops the start, and names the variable. */
export function readConfig(env: Readonly<Record<string, string | undefined>>) {
  return serviceConfig(readEnvironment(env, serviceVariables('content')))
}
