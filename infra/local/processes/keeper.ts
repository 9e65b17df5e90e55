import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** Sees to it that nothing outlives this process, even when it is killed outright. */
export interface Keeper {
  readonly pid: number
  /** Stops this process group, first with `signal`, when this process ends without having released it. */
  keep(pid: number, signal?: 'SIGINT' | 'SIGTERM'): void
  release(pid: number): void
  /** Removes this folder when this process ends. */
  removeAtEnd(folder: string): void
  /** Stops what is still kept, removes the folders, and resolves when that is done. */
  close(): Promise<void>
}

const mainFile = fileURLToPath(new URL('keeper-main.ts', import.meta.url))

/**
 * A pipe to a small process of its own session: the kernel closes it however we end, which no handler of ours could
 * promise for SIGKILL. (`PR_SET_PDEATHSIG` would do on Linux alone, and only for direct children.)
 */
export function startKeeper(): Keeper {
  const kept = new Map<number, string>()
  const folders = new Set<string>()
  let closing = false
  let child = open()

  function open(): ChildProcess {
    const next = spawn(process.execPath, [mainFile], { detached: true, stdio: ['pipe', 'ignore', 'inherit'] })
    next.stdin?.on('error', () => {})
    next.on('exit', () => {
      if (!closing) child = open()
    })
    for (const [pid, signal] of kept) next.stdin?.write(`keep\t${pid}\t${signal}\n`)
    for (const folder of folders) next.stdin?.write(`folder\t${folder}\n`)
    next.unref()
    return next
  }

  return {
    get pid() {
      return child.pid ?? 0
    },
    keep(pid, signal = 'SIGTERM') {
      kept.set(pid, signal)
      child.stdin?.write(`keep\t${pid}\t${signal}\n`)
    },
    release(pid) {
      kept.delete(pid)
      child.stdin?.write(`release\t${pid}\n`)
    },
    removeAtEnd(folder) {
      folders.add(folder)
      child.stdin?.write(`folder\t${folder}\n`)
    },
    async close() {
      closing = true
      if (child.exitCode !== null || child.signalCode !== null) return
      child.ref()
      const gone = once(child, 'exit')
      child.stdin?.end()
      await gone
    },
  }
}
