import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Session, tokenSession } from '@portico/client'
import { currentRun } from '../state/run-file.ts'

/** The running system, as the tool finds it. */
export interface House {
  /** The workspace. */
  readonly root: string
  /** Where `npm start` keeps its state. */
  readonly stateFolder: string
  /** Of the gateway: `PORTICO_URL`, else of the run in this folder, else the default. */
  readonly url: string
  /** The operator's session: `PORTICO_TOKEN`, else the token of this folder. @throws when there is neither */
  operator(): Session
}

export function openHouse(root: string, env: NodeJS.ProcessEnv): House {
  const stateFolder = env.PORTICO_STATE ?? join(root, '.portico')
  const run = currentRun(join(stateFolder, 'run.json'))
  return {
    root,
    stateFolder,
    url: env.PORTICO_URL ?? run?.addresses.API ?? `http://localhost:${env.PORT ?? 8080}`,
    operator: () => tokenSession({ accessToken: env.PORTICO_TOKEN ?? tokenOf(stateFolder) }),
  }
}

function tokenOf(stateFolder: string): string {
  const file = join(stateFolder, 'operator-token')
  if (!existsSync(file)) throw new Error(`There is no operator yet: run npm start first, or set PORTICO_TOKEN`)
  return readFileSync(file, 'utf8').trim()
}
