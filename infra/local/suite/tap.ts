import { spawn } from 'node:child_process'
import type { Keeper } from '../processes/keeper.ts'
import { signalGroup } from '../processes/signals.ts'
import { tapScript } from './build-tap.ts'
import { countTests, type FileOutcome, type Tally } from './tally.ts'

export interface TapOptions {
  readonly root: string
  readonly files: readonly string[]
  readonly env: NodeJS.ProcessEnv
  readonly jobs: number
  /** A file that takes longer is ended and counts as a failure. */
  readonly fileLimitSeconds: number
  readonly keeper: Keeper
  readonly onFile: (outcome: FileOutcome) => void
}

/** Runs test files with tap and counts. What they wrote to stderr passes through. */
export async function runTap(options: TapOptions): Promise<Tally> {
  const { root, files, env, jobs, fileLimitSeconds, keeper, onFile } = options
  const flags = ['--reporter=tap', '--no-color', `--jobs=${jobs}`, `--timeout=${fileLimitSeconds}`]
  const child = spawn(process.execPath, [tapScript(root), 'run', ...flags, ...files], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  const { parser, tally } = countTests(onFile)
  if (child.pid) keeper.keep(child.pid)
  child.stdout.pipe(parser)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  if (child.pid) {
    // Whatever a test file left running in our group ends here.
    signalGroup(child.pid, 'SIGKILL')
    keeper.release(child.pid)
  }
  if (code !== 0 && tally.failed === 0) {
    tally.failed++
    tally.failures.push({
      path: ['tap'],
      diagnostics: { message: `The runner ended with ${code} and named no failure` },
    })
  }
  return tally
}
