import { access, constants, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { eventually } from './eventually.ts'
import { freePort } from './free-port.ts'
import { freeze, thaw } from './freeze.ts'
import type { TestScope } from './scope.ts'
import { startTethered, type Tethered } from './tether.ts'

export interface TestNats {
  /** `nats://127.0.0.1:<port>`, the same after a restart. */
  readonly url: string
  readonly pid: number
  start(): Promise<void>
  stop(): Promise<void>
  kill(): Promise<void>
  /** SIGSTOP: connections stay open, and nothing is answered. */
  pause(): Promise<void>
  resume(): void
  /** Stops it and forgets its streams, as when a disk is lost. */
  wipe(): Promise<void>
}

export interface TestNatsOptions {
  /** More lines for its configuration: accounts, users, permissions. */
  config?: string
}

/**
 * A nats-server with JetStream of one test's own, its streams in a temporary folder. It starts in 50 ms, which is why
 * none is shared: streams of two tests cannot meet.
 */
export async function testNats(t: TestScope, { config = '' }: TestNatsOptions = {}): Promise<TestNats> {
  const binary = await findNatsServer()
  const folder = await mkdtemp(join(tmpdir(), `portico-nats-${process.pid}-`))
  const port = await freePort()
  const file = join(folder, 'nats.conf')
  await writeFile(
    file,
    `listen: "127.0.0.1:${port}"\njetstream { store_dir: ${JSON.stringify(join(folder, 'js'))} }\n${config}\n`,
  )
  const run = () => runServer(binary, file, port)
  let running: Tethered | undefined = await run()

  async function end(signal: NodeJS.Signals): Promise<void> {
    running?.kill('SIGCONT')
    running?.kill(signal)
    await running?.exited
    running = undefined
  }
  t.after(async () => {
    await end('SIGKILL')
    await rm(folder, { recursive: true, force: true })
  })
  return {
    url: `nats://127.0.0.1:${port}`,
    get pid() {
      return running?.pid ?? 0
    },
    async start() {
      running ??= await run()
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    async pause() {
      if (running) await freeze([running.pid])
    },
    resume: () => thaw(running ? [running.pid] : []),
    async wipe() {
      await end('SIGKILL')
      await rm(join(folder, 'js'), { recursive: true, force: true })
    },
  }
}

async function runServer(binary: string, config: string, port: number): Promise<Tethered> {
  let output = ''
  const server = await startTethered(binary, ['-c', config], {
    onOutput(text) {
      output = (output + text).slice(-8_000)
    },
  })
  let ended = false
  void server.exited.then(() => {
    ended = true
  })
  await eventually(() => ended || greets(port), { withinMs: 10_000, everyMs: 20 })
  if (ended) throw new Error(`nats-server did not start:\n${output}`)
  return server
}

/** A server that is ready begins with `INFO {…}`. */
function greets(port: number): Promise<true> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    socket.setTimeout(1_000, () => socket.destroy(new Error('no greeting')))
    socket.on('error', reject)
    socket.once('data', data => {
      socket.destroy()
      if (data.toString().startsWith('INFO ')) resolve(true)
      else reject(new Error('this is no nats-server'))
    })
  })
}

/** PORTICO_NATS_SERVER, else on the PATH, else what `npm start` or `npm test` brought. */
async function findNatsServer(): Promise<string> {
  const given = process.env.PORTICO_NATS_SERVER
  const tools = fileURLToPath(new URL('../../../.portico/tools/', import.meta.url))
  const folders = [...(process.env.PATH ?? '').split(delimiter), tools, join(tools, 'bin')]
  for (const candidate of given ? [given] : folders.map(folder => join(folder, 'nats-server'))) {
    const usable = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (usable) return candidate
  }
  throw new Error('there is no nats-server: neither PORTICO_NATS_SERVER, nor on the PATH, nor in .portico/tools/')
}
