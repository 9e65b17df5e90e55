import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chownSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Account } from './account.ts'
import type { PostgresBinaries } from './binaries.ts'

/** A PostgreSQL of our own: where its data lies and as whom it runs. */
export interface Cluster {
  readonly binaries: PostgresBinaries
  readonly account: Account | null
  readonly folder: string
  readonly port: number
  readonly password: string
}

export const superuser = 'postgres'

export function clusterUrl({ port, password }: Cluster, database = 'postgres'): string {
  return `postgres://${superuser}:${password}@127.0.0.1:${port}/${database}`
}

/** Creates the data folder when there is none. All or nothing: it is made aside and moved into place. */
export async function initialise({ binaries, account, folder, password }: Cluster): Promise<void> {
  if (existsSync(join(folder, 'PG_VERSION'))) return
  removeHalves(folder)
  const half = `${folder}.${randomBytes(4).toString('hex')}`
  mkdirSync(half, { recursive: true, mode: 0o700 })
  const passwordFile = `${half}.password`
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 })
  try {
    if (account) for (const path of [half, passwordFile]) chownSync(path, account.uid, account.gid)
    await initdb(binaries, account, half, passwordFile)
    renameSync(half, folder)
  } finally {
    rmSync(passwordFile, { force: true })
    rmSync(half, { recursive: true, force: true })
  }
}

/** What a start that was killed in the middle left aside. */
function removeHalves(folder: string): void {
  const half = new RegExp(`^${basename(folder)}\\.[0-9a-f]{8}(\\.password)?$`)
  if (!existsSync(dirname(folder))) return
  for (const name of readdirSync(dirname(folder)).filter(name => half.test(name))) {
    rmSync(join(dirname(folder), name), { recursive: true, force: true })
  }
}

async function initdb(binaries: PostgresBinaries, account: Account | null, folder: string, passwordFile: string) {
  const args = [
    `--pgdata=${folder}`,
    `--username=${superuser}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // Collation by the server itself: the order of text is the same on every machine.
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
    '--no-instructions',
  ]
  const child = spawn(binaries.initdb, args, { ...as(account), stdio: ['ignore', 'pipe', 'pipe'], cwd: '/' })
  const [output, errors, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve, reject) => child.on('close', resolve).on('error', reject)),
  ])
  if (code !== 0) throw new Error(`initdb failed (${code}):\n${output}${errors}`)
}

/** How to start the server. `durable: false` is for tests: a crash of the machine may lose their data. */
export function serverCommand(cluster: Cluster, { durable }: { durable: boolean }) {
  const settings = {
    listen_addresses: '127.0.0.1',
    port: cluster.port,
    unix_socket_directories: '',
    max_connections: durable ? 200 : 400,
    shared_buffers: '128MB',
    effective_cache_size: `${Math.max(256, Math.floor(totalmem() / 2 / 1024 ** 2))}MB`,
    maintenance_work_mem: '64MB',
    random_page_cost: 1.1,
    max_wal_size: '1GB',
    // Compiling a plan costs more than the short statements of a service can win back.
    jit: 'off',
    track_io_timing: 'on',
    client_connection_check_interval: '5s',
    tcp_keepalives_idle: 30,
    log_min_duration_statement: '1s',
    log_line_prefix: '%m [%p] %q%u@%d ',
    ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  }
  return {
    file: cluster.binaries.postgres,
    args: ['-D', cluster.folder, ...Object.entries(settings).map(([name, value]) => `--${name}=${value}`)],
    options: { ...as(cluster.account), cwd: '/' },
  }
}

function as(account: Account | null) {
  return account ? { uid: account.uid, gid: account.gid } : {}
}
