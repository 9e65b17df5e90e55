import { readdirSync, readFileSync } from 'node:fs'

/** CPU time that processes have used, in microseconds, as the scheduler counts it (Linux, /proc/<pid>/schedstat). */
export function cpuMicroseconds(pids: readonly number[]): number {
  return pids.reduce((total, pid) => total + ofProcess(pid), 0)
}

/** All threads: a process' own schedstat is that of its first. */
function ofProcess(pid: number): number {
  try {
    const threads = readdirSync(`/proc/${pid}/task`)
    return threads.reduce((total, thread) => total + nanoseconds(`/proc/${pid}/task/${thread}/schedstat`), 0) / 1_000
  } catch {
    return 0
  }
}

function nanoseconds(file: string): number {
  return Number(readFileSync(file, 'utf8').split(' ', 1)[0])
}

/** A server process and its children: PostgreSQL has one for each connection. */
export function withChildren(parent: number): number[] {
  const pids = readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
  return [parent, ...pids.filter(pid => parentOf(pid) === parent)]
}

export function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // `pid (name) state ppid …`: the name may hold anything.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return undefined
  }
}
