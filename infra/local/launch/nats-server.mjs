import { accessSync, constants, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { run } from './run.mjs'

// Debian puts it in a folder that is not on everybody's PATH.
const usualFolders = ['/usr/sbin', '/usr/local/sbin', '/usr/local/bin', '/opt/homebrew/bin']

/**
 * The path of a nats-server: PORTICO_NATS_SERVER, else from PATH, else fetched before, else out of the distribution's
 * package, unpacked into `.portico/tools` without root.
 */
export async function findNatsServer({ stateFolder, progress, env = process.env, folders = usualFolders }) {
  if (env.PORTICO_NATS_SERVER) return env.PORTICO_NATS_SERVER
  const unpacked = join(stateFolder, 'tools', 'nats-server')
  const candidates = [...(env.PATH ?? '').split(delimiter).filter(Boolean), ...folders, join(unpacked, 'usr', 'sbin')]
  const found = candidates.map(folder => join(folder, 'nats-server')).find(isExecutable)
  if (found) return found

  progress.begin('Fetching nats-server')
  const problem = await unpackDebianPackage({ unpacked, progress })
  const file = join(unpacked, 'usr', 'sbin', 'nats-server')
  if (!isExecutable(file)) throw new Error(howToGetIt(problem))
  progress.done()
  return file
}

/** @returns {Promise<string>} what went wrong, or nothing */
async function unpackDebianPackage({ unpacked, progress }) {
  rmSync(unpacked, { recursive: true, force: true })
  mkdirSync(unpacked, { recursive: true })
  let download = await run('apt-get', ['download', 'nats-server'], { cwd: unpacked })
  if (download.code === 127) return 'this system has no apt-get'
  if (download.code !== 0) {
    // The system's package lists are empty or stale, and renewing them needs root: keep lists of our own.
    progress.detail('reading package lists')
    const own = ownApt(unpacked)
    const update = await run('apt-get', [...own, 'update'], { cwd: unpacked })
    if (update.code !== 0) return `apt-get update: ${update.tail}`
    download = await run('apt-get', [...own, 'download', 'nats-server'], { cwd: unpacked })
    rmSync(join(unpacked, 'apt'), { recursive: true, force: true })
  }
  const archive = readdirSync(unpacked).find(name => name.endsWith('.deb'))
  if (!archive) return `apt-get download nats-server: ${download.tail}`
  const { code, tail } = await run('dpkg-deb', ['-x', archive, '.'], { cwd: unpacked })
  rmSync(join(unpacked, archive))
  return code === 0 ? '' : `dpkg-deb -x: ${tail}`
}

function ownApt(unpacked) {
  const folder = join(unpacked, 'apt')
  mkdirSync(join(folder, 'lists', 'partial'), { recursive: true })
  mkdirSync(join(folder, 'cache', 'archives', 'partial'), { recursive: true })
  return [
    `-oDir::State=${folder}`,
    '-oDir::State::status=/var/lib/dpkg/status',
    `-oDir::Cache=${join(folder, 'cache')}`,
    '-oDebug::NoLocking=1',
    '-oAPT::Sandbox::User=root',
  ]
}

function howToGetIt(problem) {
  const hint =
    process.platform === 'darwin'
      ? '  brew install nats-server'
      : '  apt install nats-server   (or your distribution’s way; any version from 2.9 on)'
  return [
    `Portico needs nats-server and found none (${problem}). Get it with`,
    hint,
    'or download it from https://github.com/nats-io/nats-server/releases and set PORTICO_NATS_SERVER to its path.',
    'With NATS_URL set, `npm start` uses that server instead.',
  ].join('\n')
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK)
    return existsSync(file)
  } catch {
    return false
  }
}
