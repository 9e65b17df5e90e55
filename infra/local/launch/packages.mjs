import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './run.mjs'

/** Brings pnpm and the packages, among them the Node that runs everything else. Does nothing when nothing changed. */
export async function installPackages({ root, stateFolder, progress }) {
  // Below node_modules on purpose: whoever deletes that folder deletes the stamp with it.
  const stampFile = join(root, 'node_modules', '.portico-installed')
  const stamp = stampOf(root)
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp && existsSync(ownNode(root))) return

  const pnpm = await bringPnpm({ root, stateFolder, progress })
  progress.begin('Installing packages')
  const { code, tail } = await run(
    process.execPath,
    [pnpm, 'install', '--frozen-lockfile', '--reporter=append-only', '--config.confirmModulesPurge=false'],
    {
      cwd: root,
      logFile: join(stateFolder, 'logs', 'install.log'),
      onLine: line => progress.detail(line.replace(/^Progress: /, '').trim()),
    },
  )
  if (code !== 0) throw new Error(`pnpm could not install the packages:\n${tail}`)
  if (!existsSync(ownNode(root))) throw new Error(`The package "node" brought no binary to ${ownNode(root)}`)
  writeFileSync(stampFile, stamp)
  progress.done()
}

/** The Node that the package `node` brings; `.bin/node` is a shell script around it that would swallow signals. */
export function ownNode(root) {
  return join(root, 'node_modules', 'node', 'bin', 'node')
}

async function bringPnpm({ root, stateFolder, progress }) {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const wanted = manifest.packageManager
  const folder = join(stateFolder, 'tools', wanted)
  const script = join(folder, 'node_modules', 'pnpm', 'bin', 'pnpm.cjs')
  if (existsSync(script)) return script

  progress.begin(`Fetching ${wanted}`)
  mkdirSync(folder, { recursive: true })
  // A manifest of its own keeps npm from climbing to the workspace's package.json.
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
  const { code, tail } = await run('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock', wanted], {
    cwd: folder,
    // `npm start` hands its own options down; the prefix among them would send pnpm elsewhere.
    env: { npm_config_prefix: undefined, npm_config_local_prefix: undefined, npm_config_workspaces: undefined },
    logFile: join(stateFolder, 'logs', 'install.log'),
  })
  if (code !== 0 || !existsSync(script)) throw new Error(`npm could not fetch ${wanted}:\n${tail}`)
  progress.done()
  return script
}

/** What an installation depends on: the lock file and every manifest of the workspace. */
function stampOf(root) {
  const hash = createHash('sha256')
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json'])
    hash.update(readFileSync(join(root, file)))
  for (const room of ['.', 'services', 'packages', 'infra']) {
    for (const name of readdirSync(join(root, room)).sort()) {
      const manifest = join(root, room, name, 'package.json')
      if (name !== 'node_modules' && existsSync(manifest))
        hash.update(manifest.slice(root.length)).update(readFileSync(manifest))
    }
  }
  return hash.digest('hex')
}
