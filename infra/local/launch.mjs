#!/usr/bin/env node
// Runs on whatever Node a machine has (18 or later) with nothing installed: it brings pnpm, the packages with their
// own Node, and nats-server, then hands over to TypeScript. Only node: modules here and in launch/.
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { handOver } from './launch/hand-over.mjs'
import { findNatsServer } from './launch/nats-server.mjs'
import { installPackages } from './launch/packages.mjs'
import { createProgress } from './launch/progress.mjs'

const commands = {
  start: { script: 'start.ts', supervises: true },
  test: { script: 'test.ts', supervises: true },
  bench: { script: 'bench.ts', supervises: false },
  portico: { script: 'portico.ts', supervises: false },
  check: { script: 'check.ts', supervises: false },
}

const [name = '', ...args] = process.argv.slice(2)
const command = Object.hasOwn(commands, name) ? commands[name] : undefined
if (!command) {
  console.error(`Usage: node infra/local/launch.mjs ${Object.keys(commands).join('|')} [arguments]`)
  process.exit(64)
}
const [major = 0] = process.versions.node.split('.').map(Number)
if (major < 18) {
  console.error(`Portico needs any Node from 18 on to set itself up; this is ${process.version}.`)
  process.exit(69)
}

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const stateFolder = join(root, '.portico')
mkdirSync(join(stateFolder, 'tools'), { recursive: true })
mkdirSync(join(stateFolder, 'logs'), { recursive: true })
// Progress goes to stderr, so that `npm run portico -- … --json` can be piped.
const progress = createProgress(process.stderr)

try {
  await installPackages({ root, stateFolder, progress })
  const wantsNats = command.supervises && !(name === 'start' && process.env.NATS_URL)
  const natsServer = wantsNats ? await findNatsServer({ stateFolder, progress }) : undefined
  progress.end()
  process.exitCode = await handOver({
    root,
    script: join(root, 'infra', 'local', command.script),
    args,
    supervises: command.supervises,
    env: natsServer ? { PORTICO_NATS_SERVER: natsServer } : {},
  })
} catch (error) {
  progress.end()
  console.error(`\n${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
}
