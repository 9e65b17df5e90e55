import { spawnSync } from 'node:child_process'
import { existsSync, linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { isAlive } from '../processes/signals.ts'

const Run = Type.Object({
  pid: Type.Integer(),
  /** When that process began: an id alone is given out again. */
  began: Type.String(),
  keeperPid: Type.Integer(),
  /** Where the parts are, once they are. */
  addresses: Type.Record(Type.String(), Type.String()),
})
export type Run = Type.Static<typeof Run>

export interface RunLock {
  /** Tells other processes where the parts are. */
  publish(addresses: Record<string, string>): void
  release(): void
}

const waitForKeeperMs = 15_000

/** The run that lives in this folder now, or null. */
export function currentRun(file: string): Run | null {
  const run = read(file)
  return run && isAlive(run.pid) && beganAt(run.pid) === run.began ? run : null
}

/**
 * Claims the folder for this process. After a kill it waits for what the last run left behind to be gone.
 *
 * @returns null when somebody else has it
 */
export async function claim(file: string, keeperPid: number): Promise<RunLock | null> {
  const run: Run = { pid: process.pid, began: beganAt(process.pid), keeperPid, addresses: {} }
  const own = `${file}.${process.pid}`
  const write = (path: string) => writeFileSync(path, `${JSON.stringify(run, null, 2)}\n`, { mode: 0o600 })
  write(own)
  try {
    for (let tries = 0; tries < 3; tries++) {
      // A link is made or refused at once, with the whole content: nobody reads half a file.
      if (link(own, file)) return { publish, release: () => rmSync(file, { force: true }) }
      if (currentRun(file)) return null
      await afterTheLast(read(file))
      rmSync(file, { force: true })
    }
    return null
  } finally {
    rmSync(own, { force: true })
  }

  function publish(addresses: Record<string, string>) {
    Object.assign(run.addresses, addresses)
    write(own)
    renameSync(own, file)
  }
}

async function afterTheLast(run: Run | null): Promise<void> {
  const deadline = Date.now() + waitForKeeperMs
  while (run && isAlive(run.keeperPid) && Date.now() < deadline) await new Promise(resolve => setTimeout(resolve, 50))
}

function read(file: string): Run | null {
  if (!existsSync(file)) return null
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'))
    return Value.Check(Run, value) ? value : null
  } catch {
    return null
  }
}

function link(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

/** Something that differs between two processes that had the same id. */
function beganAt(pid: number): string {
  const stat = `/proc/${pid}/stat`
  // Field 22, counted after the name, which may hold spaces and brackets.
  if (existsSync(stat)) return readFileSync(stat, 'utf8').split(') ').at(-1)?.split(' ')[19] ?? ''
  return spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).stdout?.trim() ?? ''
}
