import { rm } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { sweepLeftovers } from './leftovers.ts'
import { startPostgres } from './postgres-server.ts'

/**
 * A process beside the tests that keeps one PostgreSQL for all of them. Each test process holds a connection to the
 * socket given as the first argument; a killed one lets go of it as well. Nobody there for `lingerMs`: all is stopped.
 */
const lingerMs = 3_000

async function main(path: string): Promise<void> {
  const clients = new Set<Socket>()
  const server = createServer()
  if (!(await listen(server, path))) return
  const postgres = sweepLeftovers().then(startPostgres)
  let timer = setTimeout(stop, lingerMs)

  server.on('connection', client => {
    clearTimeout(timer)
    clients.add(client)
    client.on('error', () => {})
    client.on('close', () => {
      clients.delete(client)
      if (clients.size === 0) timer = setTimeout(stop, lingerMs)
    })
    postgres.then(
      ({ url }) => client.write(`${JSON.stringify({ url })}\n`),
      error => client.end(`${JSON.stringify({ error: String(error) })}\n`),
    )
  })

  async function stop(): Promise<void> {
    server.close()
    const started = await postgres.catch(() => undefined)
    await started?.destroy()
    for (const client of clients) client.destroy()
  }
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void stop())
}

/** False when another keeper is there already. A socket that nobody answers was left by one that was killed. */
async function listen(server: ReturnType<typeof createServer>, path: string): Promise<boolean> {
  for (let attempt = 0; attempt < 3; attempt++) {
    const listening = await new Promise<boolean>(resolve => {
      server.once('error', () => resolve(false))
      server.listen(path, () => resolve(true))
    })
    if (listening) return true
    if (await isAnswered(path)) return false
    await rm(path, { force: true })
  }
  return false
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(path, () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}

const [, , path] = process.argv
if (path) await main(path)
