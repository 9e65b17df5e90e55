import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, startProcess, type TestScope } from '@portico/testkit'
import { type Static, Type } from 'typebox'
import { Value } from 'typebox/value'
import { type Door, openDoor } from './http.ts'

/** A system that `npm start` started, with ports and a state folder of its own. */
export interface RunningSystem {
  readonly url: string
  readonly stateFolder: string
  /** As a stranger. */
  readonly door: Door
  readonly operator: Door
  /** Of a process that runs now: `content-1`, `nats`, `postgres`, `gateway`. @throws when there is none */
  pid(name: string): number
  /** All of them, by name. */
  processes(): ReadonlyMap<string, number>
  /** What it printed. */
  output(): string
}

const launcher = new URL('../../local/launch.mjs', import.meta.url)
const readyMs = 120_000
const RunFile = Type.Object({ pid: Type.Integer(), addresses: Type.Record(Type.String(), Type.String()) })

/** Starts one for the length of a test; it stops, and its state goes, when the test ends. */
export async function startSystem(t: TestScope, env: Record<string, string> = {}): Promise<RunningSystem> {
  const stateFolder = mkdtempSync(join(tmpdir(), 'system-'))
  // The account that runs PostgreSQL has to get through.
  chmodSync(stateFolder, 0o755)
  const port = String(await freePort())
  const started = await startProcess(t, {
    main: launcher,
    args: ['start'],
    env: {
      PORT: port,
      ADMIN_PORT: String(await freePort()),
      SMTP_PORT: String(await freePort()),
      OTLP_PORT: String(await freePort()),
      PORTICO_STATE: stateFolder,
      LOG_LEVEL: 'warn',
      ...env,
    },
    deadlineMs: readyMs,
    ready: ({ output }) => output().includes('Portico is ready'),
  })
  t.after(() => rmSync(stateFolder, { recursive: true, force: true, maxRetries: 5 }))
  const url = `http://127.0.0.1:${port}`
  const door = openDoor(url)
  const processes = () => processesOf(readRun(stateFolder))
  return {
    url,
    stateFolder,
    door,
    // A door of its own: what the test asks the console is no part of what it looks at.
    operator: openDoor(url, readFileSync(join(stateFolder, 'operator-token'), 'utf8').trim()),
    processes,
    pid(name) {
      const pid = processes().get(name)
      if (pid === undefined) throw new Error(`there is no process ${name}`)
      return pid
    },
    output: started.output,
  }
}

function readRun(stateFolder: string): Static<typeof RunFile> {
  return Value.Parse(RunFile, JSON.parse(readFileSync(join(stateFolder, 'run.json'), 'utf8')))
}

function processesOf({ addresses }: Static<typeof RunFile>): ReadonlyMap<string, number> {
  const named = Object.entries(addresses).filter(([name]) => name.startsWith('pid '))
  return new Map(named.map(([name, pid]) => [name.slice('pid '.length), Number(pid)]))
}
