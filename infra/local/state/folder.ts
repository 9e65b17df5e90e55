import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Account, canReach, reachableFolder } from '../postgres/account.ts'

/** Where everything lies that outlives a stop. */
export interface StateFolder {
  readonly root: string
  readonly postgres: string
  readonly nats: string
  readonly files: string
  readonly console: string
  readonly logs: string
  readonly cache: string
  readonly secretsFile: string
  readonly operatorTokenFile: string
  readonly runFile: string
}

/** What a fresh start keeps: what was fetched, and what was said. */
const keptWhenFresh = new Set(['tools', 'logs', 'cache', 'run.json'])

export function openStateFolder(path: string, account: Account | null): StateFolder {
  const root = resolve(path)
  // Others must get through to PostgreSQL's folder when it runs as somebody else; they get into none of ours.
  mkdirSync(root, { recursive: true, mode: 0o755 })
  for (const name of ['nats', 'files', 'console', 'logs', 'cache']) {
    mkdirSync(join(root, name), { recursive: true, mode: 0o700 })
  }
  return {
    root,
    postgres: postgresFolder(root, account),
    nats: join(root, 'nats'),
    files: join(root, 'files'),
    console: join(root, 'console'),
    logs: join(root, 'logs'),
    cache: join(root, 'cache'),
    secretsFile: join(root, 'secrets.json'),
    operatorTokenFile: join(root, 'operator-token'),
    runFile: join(root, 'run.json'),
  }
}

/** Forgets everything but the tools and the logs. Only for whoever holds the lock. */
export function emptyStateFolder(folder: StateFolder): void {
  for (const name of readdirSync(folder.root)) {
    if (!keptWhenFresh.has(name)) rmSync(join(folder.root, name), { recursive: true, force: true, maxRetries: 5 })
  }
  rmSync(folder.postgres, { recursive: true, force: true, maxRetries: 5 })
  for (const path of [folder.nats, folder.files, folder.console]) mkdirSync(path, { recursive: true, mode: 0o700 })
}

/**
 * The account that runs PostgreSQL for root may not be able to get here (a clone below /root): its data then lies in
 * /var/lib/portico, under a name made of this path.
 */
function postgresFolder(root: string, account: Account | null): string {
  if (!account || canReach(root, account)) return join(root, 'postgres')
  return join(reachableFolder(), createHash('sha256').update(root).digest('hex').slice(0, 12))
}
