import { fileURLToPath } from 'node:url'
import { eventually } from './eventually.ts'
import type { TestScope } from './scope.ts'
import { type Exit, startTethered } from './tether.ts'

export interface ProcessOptions {
  /** The module to run: a service's `main.ts`. */
  main: URL
  args?: readonly string[]
  /** The whole environment, but for PATH, HOME, TMPDIR and where Node keeps what it compiled. */
  env: Record<string, string>
  cwd?: string
  /** Called until it neither throws nor answers false: the process is ready. */
  ready?: (started: StartedProcess) => unknown
  /** How long it may take to become ready; default 20 s. */
  deadlineMs?: number
  /** How long it may take to stop after SIGTERM before it is killed; default 10 s. */
  stopMs?: number
}

export interface StartedProcess {
  readonly pid: number
  readonly exited: Promise<Exit>
  /** Everything it wrote to both outputs, the last 1 MiB. */
  output(): string
  /** Waits for a line that `pattern` matches. */
  line(pattern: RegExp, withinMs?: number): Promise<RegExpExecArray>
  kill(signal: NodeJS.Signals): boolean
  /** SIGTERM, and SIGKILL when that does not help in time. */
  stop(): Promise<Exit>
}

const outputLimit = 1_048_576

/**
 * Runs a process of ours for the length of a test: as itself, with an environment of its own, and waits until it is
 * ready. It ends with the test, also when the test is killed.
 *
 * @example
 * const content = await startProcess(t, { main: new URL('../src/main.ts', import.meta.url), env, ready: () => isReady(url) })
 */
export async function startProcess(t: TestScope, options: ProcessOptions): Promise<StartedProcess> {
  const started = await spawnMain(options)
  t.after(() => started.stop())
  const { ready, deadlineMs = 20_000 } = options
  if (!ready) return started
  let exit: Exit | undefined
  void started.exited.then(value => {
    exit = value
  })
  const attempt = () => (exit ? 'exited' : ready(started))
  const outcome = await eventually(attempt, { withinMs: deadlineMs, everyMs: 50 }).catch(async error => {
    await started.stop()
    throw new Error(`not ready: ${error instanceof Error ? error.message : error}\n${started.output()}`, {
      cause: error,
    })
  })
  if (outcome === 'exited')
    throw new Error(`it ended before it was ready: ${JSON.stringify(exit)}\n${started.output()}`)
  return started
}

async function spawnMain({ main, args = [], env, cwd, stopMs = 10_000 }: ProcessOptions): Promise<StartedProcess> {
  let output = ''
  const tethered = await startTethered(process.execPath, [fileURLToPath(main), ...args], {
    env: { ...inherited(), ...env },
    ...(cwd === undefined ? {} : { cwd }),
    onOutput(text) {
      output = (output + text).slice(-outputLimit)
    },
  })
  return {
    pid: tethered.pid,
    exited: tethered.exited,
    kill: tethered.kill,
    output: () => output,
    line: (pattern, withinMs = 10_000) =>
      eventually(
        () => {
          for (const line of output.split('\n')) {
            const match = pattern.exec(line)
            if (match) return match
          }
          throw new Error(`no line matches ${pattern}:\n${output.slice(-4_000)}`)
        },
        { withinMs },
      ),
    async stop() {
      tethered.kill('SIGTERM')
      const timer = setTimeout(() => tethered.kill('SIGKILL'), stopMs)
      return tethered.exited.finally(() => clearTimeout(timer))
    },
  }
}

/** Not NODE_OPTIONS, for one: a test runner's loaders are none of the process's business. */
function inherited(): Record<string, string> {
  const names = ['PATH', 'HOME', 'TMPDIR', 'NODE_COMPILE_CACHE']
  return Object.fromEntries(names.flatMap(name => (process.env[name] ? [[name, process.env[name]]] : [])))
}
