import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { eventually } from './eventually.ts'

const keeper = fileURLToPath(new URL('./postgres-keeper.ts', import.meta.url))

let shared: Promise<string> | undefined

/**
 * The superuser's URL of the PostgreSQL that all tests of a run share: PORTICO_TEST_POSTGRES_URL, or one that the first
 * test starts and the last one ends.
 */
export function sharedPostgres(): Promise<string> {
  shared ??= process.env.PORTICO_TEST_POSTGRES_URL
    ? Promise.resolve(process.env.PORTICO_TEST_POSTGRES_URL)
    : viaKeeper()
  return shared
}

/** One keeper for each clone and user; the name is short, since sockets allow about 100 characters. */
function socketPath(): string {
  const id = createHash('sha256').update(keeper).digest('hex').slice(0, 12)
  return join(tmpdir(), `portico-test-${process.getuid?.() ?? 0}-${id}.sock`)
}

async function viaKeeper(): Promise<string> {
  const path = socketPath()
  let spawnedAt = Number.NEGATIVE_INFINITY
  return eventually(
    async () => {
      try {
        return await ask(path)
      } catch (error) {
        if (error instanceof KeeperFailed) return Promise.reject(error)
        // Started again only when the last one has had the time to listen.
        if (performance.now() - spawnedAt > 3_000) {
          spawnedAt = performance.now()
          startKeeper(path)
        }
        throw error
      }
    },
    { withinMs: 60_000, everyMs: 50 },
  )
}

function startKeeper(path: string): void {
  const env = { PATH: process.env.PATH ?? '', TMPDIR: tmpdir() }
  spawn(process.execPath, [keeper, path], { detached: true, stdio: 'ignore', env }).unref()
}

class KeeperFailed extends Error {}

/** Connects and stays connected for as long as this process lives: that is how the keeper knows. */
async function ask(path: string): Promise<string> {
  const socket = connect(path)
  await once(socket, 'connect')
  const answer: unknown = JSON.parse(await firstLine(socket))
  socket.on('error', () => {})
  socket.unref()
  if (typeof answer === 'object' && answer !== null) {
    if ('url' in answer && typeof answer.url === 'string') return answer.url
    if ('error' in answer) throw new KeeperFailed(String(answer.error))
  }
  throw new KeeperFailed('the keeper of PostgreSQL said something else')
}

async function firstLine(socket: Socket): Promise<string> {
  const lines = createInterface({ input: socket })
  const line = await Promise.race([once(lines, 'line'), once(socket, 'close').then(() => [undefined])])
  if (typeof line[0] !== 'string') throw new Error('the keeper of PostgreSQL went away')
  return line[0]
}
