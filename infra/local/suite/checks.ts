import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Keeper } from '../processes/keeper.ts'

export interface Check {
  readonly name: string
  readonly file: string
  readonly args: readonly string[]
}

export interface CheckOutcome {
  readonly name: string
  readonly ok: boolean
  readonly output: string
  readonly seconds: number
}

const limitMs = 180_000

/** What holds without running anything: types, style, and the direction of imports. */
export function checksOf(root: string): Check[] {
  const bin = join(root, 'node_modules', '.bin')
  return [
    { name: 'types (tsc --noEmit)', file: join(bin, 'tsc'), args: ['--noEmit'] },
    { name: 'style (biome check)', file: join(bin, 'biome'), args: ['check', '--colors=off', '.'] },
    { name: 'arrows (import graph)', file: process.execPath, args: [join(root, 'infra', 'local', 'arrows.ts')] },
  ]
}

/** Runs one, collecting what it says; one that takes longer than 3 minutes failed. */
export async function runCheck(root: string, { name, file, args }: Check, keeper: Keeper): Promise<CheckOutcome> {
  const startedAt = performance.now()
  const child = spawn(file, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  if (child.pid) keeper.keep(child.pid)
  const timer = setTimeout(() => child.kill('SIGKILL'), limitMs)
  const chunks: string[] = []
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', text => chunks.push(text))
  const ok = await new Promise<boolean>(resolve => {
    child.on('close', code => resolve(code === 0))
    child.on('error', error => {
      chunks.push(error.message)
      resolve(false)
    })
  })
  clearTimeout(timer)
  if (child.pid) keeper.release(child.pid)
  return { name, ok, output: chunks.join('').trimEnd(), seconds: (performance.now() - startedAt) / 1000 }
}
