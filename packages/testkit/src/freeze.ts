import { eventually } from './eventually.ts'
import { processTable } from './process-table.ts'

/** Stops processes with SIGSTOP, and waits until each stands still: stopped, or a zombie that nobody can reap now. */
export async function freeze(pids: readonly number[]): Promise<void> {
  for (const pid of pids) signal(pid, 'SIGSTOP')
  await eventually(async () => {
    const running = (await processTable()).filter(({ pid, state }) => pids.includes(pid) && !/[TtZX]/.test(state))
    return running.length === 0
  })
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
  const children = (await processTable()).filter(({ parentPid }) => parentPid === pid)
  return [pid, ...children.map(child => child.pid)]
}
