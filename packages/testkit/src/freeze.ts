import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { eventually } from './eventually.ts'

/** Stops processes with SIGSTOP, and waits until each stands still: stopped, or a zombie that nobody can reap now. */
export async function freeze(pids: readonly number[]): Promise<void> {
  for (const pid of pids) signal(pid, 'SIGSTOP')
  await eventually(async () => (await states(pids)).every(state => /^[TtZX]/.test(state)))
}

export function thaw(pids: readonly number[]): void {
  for (const pid of pids) signal(pid, 'SIGCONT')
}

/** A child may end between our look and the signal. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

/** A process and what it started. */
export async function withChildren(pid: number): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid='])
  const rows = stdout.split('\n').map(line => line.trim().split(/\s+/).map(Number))
  return [pid, ...rows.flatMap(([child, parent]) => (child !== undefined && parent === pid ? [child] : []))]
}

async function states(pids: readonly number[]): Promise<string[]> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'state=', '-p', pids.join(',')])
  return stdout.split('\n').filter(Boolean)
}
