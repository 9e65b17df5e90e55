import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'

/** A process under measurement, with those it started. */
export interface Running {
  readonly name: string
  readonly port: number
  readonly pid: number
  /** Of a whole gateway, which has numbers of its own there. */
  readonly adminPort?: number
  stop(): Promise<void>
}

/** Starts a program and waits until its port takes connections. */
export async function start(
  name: string,
  port: number,
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Running> {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...env } })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', text => {
    said = (said + text).slice(-2_000)
  })
  const failed = new Promise<never>((_, reject) => {
    child.once('error', reject)
    child.once('exit', code => reject(new Error(`${name} ended with ${code}: ${said}`)))
  })
  failed.catch(() => {})
  await Promise.race([accepts(port), failed])
  return { name, port, pid: child.pid ?? 0, stop: () => stop(child) }
}

/** One of ours, by its file in this folder. */
export function startScript(name: string, port: number, file: string, env: Record<string, string>): Promise<Running> {
  return start(name, port, process.execPath, [file], { ...env, PORT: String(port) })
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGTERM')
  const bound = setTimeout(() => child.kill('SIGKILL'), 3_000)
  await ended
  clearTimeout(bound)
}

async function accepts(port: number): Promise<void> {
  const untilMs = Date.now() + 15_000
  while (Date.now() < untilMs) {
    const open = await new Promise<boolean>(resolve => {
      const socket = connect(port, '127.0.0.1')
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
      socket.once('connect', () => socket.destroy())
    })
    if (open) return
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  throw new Error(`Nothing listens on port ${port}`)
}

export function freePort(): Promise<number> {
  return new Promise(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

export function installed(command: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${command}`]).status === 0
}

export const clockTickUs = 1e6 / Number(spawnSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }).stdout || 100)

export interface Cpu {
  readonly userUs: number
  readonly systemUs: number
}

/** CPU time of a process and its children so far, as the kernel counts it. */
export function cpuOf(pid: number): Cpu {
  let user = 0
  let system = 0
  for (const one of [pid, ...childrenOf(pid)]) {
    const stat = readFileSync(`/proc/${one}/stat`, 'utf8')
    // The name in parentheses may hold spaces; the fields behind it do not (proc(5): utime is the 14th, stime the 15th).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    user += Number(fields[11])
    system += Number(fields[12])
  }
  return { userUs: user * clockTickUs, systemUs: system * clockTickUs }
}

/** Resident memory of a process and its children, bytes. */
export function rssBytes(pid: number): number {
  let bytes = 0
  for (const one of [pid, ...childrenOf(pid)]) {
    const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${one}/status`, 'utf8'))
    bytes += Number(line?.[1] ?? 0) * 1_024
  }
  return bytes
}

function childrenOf(pid: number): number[] {
  const direct = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  if (direct === '') return []
  return direct
    .split(' ')
    .map(Number)
    .flatMap(child => [child, ...childrenOf(child)])
}
