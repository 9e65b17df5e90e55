import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Keeper } from './keeper.ts'
import { fellSilent, type LifeSigns } from './liveness.ts'
import { signalGroup } from './signals.ts'

export interface Command {
  readonly file: string
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
  readonly cwd: string
  readonly uid?: number
  readonly gid?: number
}

export interface SupervisedSpec {
  readonly name: string
  /** Asked anew at each start: a free port may have to be another one. */
  readonly command: () => Command | Promise<Command>
  /** Resolves when the started process serves; rejects when the signal says that it is gone. */
  readonly ready: (signal: AbortSignal) => Promise<void>
  /** Told by these to be dead although it runs (frozen, deadlocked), it is killed and started again. */
  readonly life?: LifeSigns
  /** What asks it to stop in order. */
  readonly stopSignal: 'SIGTERM' | 'SIGINT'
  readonly keeper: Keeper
  readonly onStarted?: (pid: number) => void
  readonly onLine: (line: string) => void
  readonly onNote: (text: string) => void
}

export interface Supervised {
  readonly name: string
  readonly pid: number | null
  /** Starts it and keeps it up. @throws when it does not serve within `withinMs`, or ends three times before it ever did */
  start(withinMs: number): Promise<void>
  /** Stops it in order, and outright after `withinMs`. */
  stop(withinMs: number): Promise<void>
  /** At once. */
  kill(): void
}

const firstDelayMs = 100
const longestDelayMs = 10_000
/** Having served for that long, the next end counts as the first again. */
const steadyMs = 10_000
const triesBeforeServing = 3

/**
 * Keeps one process up: what ends, or falls silent, is started again, after 0.1 s, then twice as long each time, up to
 * 10 s.
 */
export function supervise(spec: SupervisedSpec): Supervised {
  const { name, keeper, onNote } = spec
  const served = Promise.withResolvers<void>()
  served.promise.catch(() => {})
  let everServed = false
  let child: ChildProcess | null = null
  let stopping = false
  let endsInARow = 0
  let retry: NodeJS.Timeout | undefined

  async function run(): Promise<void> {
    const { file, args, ...options } = await spec.command()
    if (stopping) return
    const startedAt = performance.now()
    const ended = new AbortController()
    const started = spawn(file, args, { ...options, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    child = started
    const { pid } = started
    if (pid) {
      keeper.keep(pid, spec.stopSignal)
      spec.onStarted?.(pid)
    }
    for (const stream of [started.stdout, started.stderr]) createInterface({ input: stream }).on('line', spec.onLine)
    const end = (how: string) => {
      if (ended.signal.aborted) return
      ended.abort(new Error(`${name} ended (${how})`))
      child = null
      // What it left behind in its group would hold its port or its files.
      if (pid) signalGroup(pid, 'SIGKILL')
      if (pid) keeper.release(pid)
      if (!stopping) again(how, performance.now() - startedAt)
    }
    started.once('error', error => end(error.message))
    started.once('exit', (code, signal) => end(signal ?? `exit code ${code}`))
    try {
      await spec.ready(ended.signal)
    } catch (error) {
      // That it is gone was dealt with where it ended.
      if (ended.signal.aborted) return
      throw error
    }
    if (everServed) onNote(`serves again, ${seconds(performance.now() - startedAt)} after its start`)
    everServed = true
    served.resolve()
    if (spec.life) void endWhenSilent(spec.life, started, ended.signal)
  }

  async function endWhenSilent(life: LifeSigns, { pid }: ChildProcess, ended: AbortSignal): Promise<void> {
    if (!(await fellSilent(life, ended)) || stopping || !pid) return
    onNote(`has not answered ${life.silences} times in a row: killing it`)
    // Whoever is frozen reads no other signal.
    signalGroup(pid, 'SIGKILL')
  }

  function again(how: string, livedMs: number): void {
    endsInARow = livedMs > steadyMs ? 1 : endsInARow + 1
    if (!everServed && endsInARow >= triesBeforeServing) {
      served.reject(new Error(`${name} ended ${endsInARow} times before it ever served (${how})`))
      return
    }
    const delayMs = Math.min(longestDelayMs, firstDelayMs * 2 ** (endsInARow - 1))
    onNote(`ended (${how}); starting it again in ${delayMs} ms`)
    retry = setTimeout(attempt, delayMs)
  }

  function attempt(): void {
    run().catch(error => served.reject(error))
  }

  /** From here on nothing is started; whoever waits for a start is told. */
  function leave(): void {
    stopping = true
    clearTimeout(retry)
    served.reject(new Error(`${name} was stopped before it served`))
  }

  return {
    name,
    get pid() {
      return child?.pid ?? null
    },
    async start(withinMs) {
      const late = setTimeout(
        () => served.reject(new Error(`${name} does not serve after ${seconds(withinMs)}`)),
        withinMs,
      )
      attempt()
      await served.promise.finally(() => clearTimeout(late))
    },
    async stop(withinMs) {
      leave()
      const current = child
      if (!current?.pid) return
      const { pid } = current
      const gone = once(current, 'exit')
      const timer = setTimeout(() => {
        onNote(`does not stop: killing it after ${seconds(withinMs)}`)
        signalGroup(pid, 'SIGKILL')
      }, withinMs)
      current.kill(spec.stopSignal)
      await gone
      clearTimeout(timer)
    },
    kill() {
      leave()
      if (child?.pid) signalGroup(child.pid, 'SIGKILL')
    },
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
