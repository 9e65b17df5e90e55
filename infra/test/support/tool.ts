import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { RunningSystem } from './system.ts'

export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

const launcher = fileURLToPath(new URL('../../local/launch.mjs', import.meta.url))
const limitMs = 60_000

/** `npm run portico -- …`, beside a running system. */
export function portico(system: RunningSystem, args: readonly string[]): Promise<Outcome> {
  return run(process.execPath, [launcher, 'portico', ...args], { PORTICO_STATE: system.stateFolder })
}

/** Runs a command to its end, at most a minute, with no more of our environment than it needs. */
export function run(
  file: string,
  args: readonly string[],
  env: Record<string, string>,
  cwd: string = process.cwd(),
): Promise<Outcome> {
  const { promise, resolve, reject } = Promise.withResolvers<Outcome>()
  const { PATH = '', HOME = '', TMPDIR = '/tmp' } = process.env
  const child = spawn(file, args, {
    cwd,
    env: { PATH, HOME, TMPDIR, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: limitMs,
    killSignal: 'SIGKILL',
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', text => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', text => {
    stderr += text
  })
  child.on('error', reject)
  child.on('close', code => resolve({ code, stdout, stderr }))
  return promise
}
