import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'

export interface TetherOptions {
  /** The whole environment; default: empty. */
  env?: Record<string, string>
  cwd?: string
  /** Run as this user; only root can. */
  uid?: number
  gid?: number
  /** The signal with which the process ends when we are gone; default KILL. */
  lastSignal?: 'KILL' | 'TERM' | 'QUIT'
  onOutput?: (text: string) => void
}

export interface Exit {
  /** The exit code; null when a signal ended it. */
  code: number | null
  signal: string | null
}

export interface Tethered {
  /** The process itself, not the shell around it. */
  readonly pid: number
  readonly exited: Promise<Exit>
  /** Sends a signal; false when the process is gone. */
  kill(signal: NodeJS.Signals): boolean
}

/**
 * A shell that holds a pipe to us: when we die, however we die, the pipe closes and the shell ends the process. It tells
 * the process's id over descriptor 3 and passes its exit code on.
 */
const script = (lastSignal: string) => `
exec 4<&0
"$@" 3>&- 4<&- </dev/null &
pid=$!
echo "$pid" >&3
exec 3>&-
{ read -r _ <&4; kill -${lastSignal} "$pid"; } >/dev/null 2>&1 &
watcher=$!
exec 4<&-
wait "$pid" 2>/dev/null
code=$?
kill "$watcher" 2>/dev/null
wait "$watcher" 2>/dev/null
exit "$code"`

/** Starts a process that cannot outlive us, not even when we are killed. */
export async function startTethered(
  command: string,
  args: readonly string[],
  options: TetherOptions = {},
): Promise<Tethered> {
  const { env = {}, cwd, uid, gid, lastSignal = 'KILL', onOutput } = options
  // Past `spawn`, where a test runner adds loaders of its own to every environment.
  const bare = ['env', '-i', ...Object.entries(env).map(([name, value]) => `${name}=${value}`), command, ...args]
  const shell = spawn('/bin/sh', ['-c', script(lastSignal), 'tether', ...bare], {
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  })
  shell.stdout.on('data', (chunk: Buffer) => onOutput?.(chunk.toString()))
  shell.stderr.on('data', (chunk: Buffer) => onOutput?.(chunk.toString()))
  // The far end may go before we close ours.
  shell.stdin.on('error', () => {})
  const exited = once(shell, 'close').then(([code]) => exitOf(Number(code)))
  const pid = await readPid(shell.stdio[3])
  let gone = false
  void exited.then(() => {
    gone = true
  })
  return {
    pid,
    exited,
    kill: signal => !gone && signalled(pid, signal),
  }
}

async function readPid(pipe: unknown): Promise<number> {
  if (!isReadable(pipe)) throw new Error('there is no pipe to the shell')
  let text = ''
  for await (const chunk of pipe) text += String(chunk)
  const pid = Number.parseInt(text, 10)
  if (!Number.isInteger(pid)) throw new Error('the shell started nothing')
  return pid
}

function isReadable(pipe: unknown): pipe is NodeJS.ReadableStream {
  return typeof pipe === 'object' && pipe !== null && Symbol.asyncIterator in pipe
}

/** A shell answers 128 and the signal's number for what a signal ended. */
function exitOf(code: number): Exit {
  if (code <= 128) return { code, signal: null }
  const signal = Object.entries(constants.signals).find(([, number]) => number === code - 128)?.[0] ?? null
  return signal === null ? { code, signal } : { code: null, signal }
}

function signalled(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal)
  } catch {
    return false
  }
}
