import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, openSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { accepting } from '../postgres/accepting.ts'
import { canReach, reachableFolder, serverAccount } from '../postgres/account.ts'
import { postgresBinaries } from '../postgres/binaries.ts'
import { type Cluster, clusterUrl, initialise, serverCommand } from '../postgres/cluster.ts'
import type { Keeper } from '../processes/keeper.ts'
import { freePort } from '../state/ports.ts'

const startLimitMs = 30_000

export interface SuiteServers {
  readonly folder: string
  readonly postgresUrl: string
}

/** A PostgreSQL for one run of the tests, in a temporary folder that goes with it. */
export async function startSuiteServers({
  keeper,
  logFile,
}: {
  keeper: Keeper
  logFile: string
}): Promise<SuiteServers> {
  const account = serverAccount()
  const base = account && !canReach(tmpdir(), account) ? reachableFolder() : tmpdir()
  const folder = mkdtempSync(join(base, 'portico-test-'))
  keeper.removeAtEnd(folder)
  chmodSync(folder, 0o711)
  // For the tests' own temporary files: world-writable and sticky like /tmp, because servers of theirs run as others.
  mkdirSync(join(folder, 'tmp'))
  chmodSync(join(folder, 'tmp'), 0o1777)

  const cluster: Cluster = {
    binaries: postgresBinaries(account),
    account,
    folder: join(folder, 'postgres'),
    port: await freePort(),
    password: randomBytes(16).toString('hex'),
  }
  await initialise(cluster)
  const { file, args, options } = serverCommand(cluster, { durable: false })
  const log = openSync(logFile, 'w')
  const child = spawn(file, args, { ...options, detached: true, stdio: ['ignore', log, log] })
  if (child.pid) keeper.keep(child.pid, 'SIGINT')
  const ended = new AbortController()
  once(child, 'exit').then(() => ended.abort(new Error(`PostgreSQL ended at once; see ${logFile}`)))
  const postgresUrl = clusterUrl(cluster)
  await accepting(postgresUrl, { withinMs: startLimitMs, signal: ended.signal })
  return { folder, postgresUrl }
}
