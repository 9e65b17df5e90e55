import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { eventually } from './eventually.ts'
import { freePort } from './free-port.ts'
import { freeze, thaw, withChildren } from './freeze.ts'
import { type PostgresBinaries, postgresBinaries, type ServerUser, serverUser } from './postgres-binaries.ts'
import { startTethered, type Tethered } from './tether.ts'

export interface PostgresServer {
  /** Of the superuser, to the database `postgres`. */
  readonly url: string
  readonly port: number
  /** Starts it again, on the same port and data. */
  start(): Promise<void>
  /** Ends it as an administrator would: sessions are cut off, data is written. */
  stop(): Promise<void>
  /** SIGKILL, as if the machine had lost it. */
  kill(): Promise<void>
  /** SIGSTOP: it is there, and says nothing; also the sessions it has. */
  pause(): Promise<void>
  resume(): Promise<void>
  /** Stops it without ceremony and deletes its data. */
  destroy(): Promise<void>
}

interface Cluster {
  folder: string
  data: string
  binaries: PostgresBinaries
  user: ServerUser | undefined
  password: string
  port: number
}

/** A PostgreSQL of our own with fresh data, on loopback. It ends when this process does. */
export async function startPostgres(): Promise<PostgresServer> {
  const cluster = await createCluster()
  const url = `postgres://postgres:${cluster.password}@127.0.0.1:${cluster.port}/postgres`
  let running: Tethered | undefined = await run(cluster, url)

  async function end(signal: NodeJS.Signals): Promise<void> {
    running?.kill('SIGCONT')
    running?.kill(signal)
    await running?.exited
    running = undefined
  }
  return {
    url,
    port: cluster.port,
    async start() {
      running ??= await run(cluster, url)
    },
    stop: () => end('SIGINT'),
    kill: () => end('SIGKILL'),
    // With its children, which are all the sessions.
    async pause() {
      if (running) await freeze(await withChildren(running.pid))
    },
    async resume() {
      if (running) thaw(await withChildren(running.pid))
    },
    async destroy() {
      await end('SIGQUIT')
      await rm(cluster.folder, { recursive: true, force: true, maxRetries: 10 })
    },
  }
}

async function createCluster(): Promise<Cluster> {
  const user = await serverUser()
  const folder = await mkdtemp(join(tmpdir(), `portico-postgres-${process.pid}-`))
  const data = join(folder, 'data')
  const passwordFile = join(folder, 'password')
  const password = randomBytes(12).toString('hex')
  await mkdir(data)
  await writeFile(passwordFile, password)
  if (user) {
    for (const path of [folder, data, passwordFile]) await chown(path, user.uid, user.gid)
  }
  const binaries = await postgresBinaries(folder, user)
  const args = ['--pgdata', data, '--username=postgres', `--pwfile=${passwordFile}`, '--auth=scram-sha-256']
  const options = { env: { LC_ALL: 'C', PATH: process.env.PATH ?? '' }, cwd: folder, ...user }
  await promisify(execFile)(binaries.initdb, [...args, '--encoding=UTF8', '--locale=C.UTF-8', '--no-sync'], options)
  return { folder, data, binaries, user, password, port: await freePort() }
}

const settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '300',
  // What a killed process committed stays in the kernel's cache: only a dead machine would lose it, and its data is ours.
  fsync: 'off',
  full_page_writes: 'off',
}

async function run({ binaries, data, port, user, folder }: Cluster, url: string): Promise<Tethered> {
  let output = ''
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const server = await startTethered(binaries.postgres, ['-D', data, '-p', String(port), ...flags], {
    env: { LC_ALL: 'C', PATH: process.env.PATH ?? '' },
    cwd: folder,
    // Immediate shutdown: it takes its children along, which SIGKILL would not.
    lastSignal: 'QUIT',
    ...user,
    onOutput(text) {
      output = (output + text).slice(-8_000)
    },
  })
  let ended = false
  void server.exited.then(() => {
    ended = true
  })
  await eventually(() => ended || answers(url), { withinMs: 20_000, everyMs: 20 })
  if (ended) throw new Error(`PostgreSQL did not start:\n${output}`)
  return server
}

async function answers(url: string): Promise<true> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    return true
  } finally {
    await client.end()
  }
}
