import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Keeper } from '../processes/keeper.ts'
import { runCheck } from './checks.ts'

export const tapScript = (root: string) => join(root, 'node_modules', 'tap', 'dist', 'esm', 'run.mjs')

/**
 * Leaves out of tap the plugins that `.taprc` turns off, once an installation. The first run would do it by itself, but
 * with the arguments of before: every file of that run would be loaded through a plugin that is gone, and fail.
 */
export async function buildTap(root: string, keeper: Keeper): Promise<void> {
  // Below node_modules, because that is where the build lands.
  const stampFile = join(root, 'node_modules', '.portico-tap')
  const inputs = ['.taprc', 'pnpm-lock.yaml'].map(file => readFileSync(join(root, file)))
  const stamp = createHash('sha256').update(Buffer.concat(inputs)).digest('hex')
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return
  const build = { name: 'tap build', file: process.execPath, args: [tapScript(root), 'build'] }
  const { ok, output } = await runCheck(root, build, keeper)
  if (!ok) throw new Error(`tap could not be built:\n${output}`)
  writeFileSync(stampFile, stamp)
}
