import { spawnSync } from 'node:child_process'
import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/** Who runs PostgreSQL when we are root, which it refuses to be. */
export interface Account {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

/** Null when we are not root and PostgreSQL simply runs as us. Creates the system account `postgres` when there is none. */
export function serverAccount(): Account | null {
  if (process.getuid?.() !== 0) return null
  const known = lookUp('postgres')
  if (known) return known
  const flags = ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin']
  spawnSync('useradd', [...flags, 'postgres'], { stdio: 'ignore' })
  const account = lookUp('postgres') ?? lookUp('nobody')
  if (!account) throw new Error('PostgreSQL does not run as root, and there is no account "postgres" to run it as')
  return account
}

function lookUp(name: string): Account | null {
  const [uid, gid] = ['-u', '-g'].map(flag => spawnSync('id', [flag, name], { encoding: 'utf8' }).stdout.trim())
  return uid && gid ? { name, uid: Number(uid), gid: Number(gid) } : null
}

const execute = { owner: 0o100, group: 0o010, others: 0o001 }

/** Whether the account may enter every folder down to this one. */
export function canReach(path: string, account: Account): boolean {
  const { mode, uid, gid } = statSync(path)
  const bit = uid === account.uid ? execute.owner : gid === account.gid ? execute.group : execute.others
  if ((mode & bit) === 0) return false
  return dirname(path) === path || canReach(dirname(path), account)
}

/** A folder that root may write and every account may enter. */
export function reachableFolder(): string {
  const folder = '/var/lib/portico'
  mkdirSync(folder, { recursive: true, mode: 0o755 })
  return folder
}
