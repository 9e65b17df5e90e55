import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { dirname } from 'node:path'
import { ownNode } from './packages.mjs'

const watchParentMs = 500

/**
 * Runs a script with our own Node and answers its exit code.
 *
 * What supervises processes gets a session of its own, so that a ctrl-C reaches it once, through us, and a pipe
 * that breaks when we are gone, however we went: it then stops by itself.
 */
export function handOver({ root, script, args, supervises, env }) {
  const node = ownNode(root)
  const child = spawn(node, [script, ...args], {
    cwd: root,
    stdio: supervises ? ['ignore', 'inherit', 'inherit', 'pipe'] : 'inherit',
    detached: supervises,
    env: {
      ...process.env,
      ...env,
      PATH: `${dirname(node)}:${process.env.PATH ?? ''}`,
      ...(supervises ? { PORTICO_LAUNCHER_FD: '3' } : {}),
    },
  })
  child.stdio[3]?.on('error', () => {})

  // Without a session of its own the child hears the terminal itself: only what was sent to us alone is passed on.
  const passedOn = supervises ? ['SIGINT', 'SIGTERM', 'SIGHUP'] : ['SIGTERM', 'SIGHUP']
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => passedOn.includes(signal) && child.kill(signal))
  }
  if (supervises) stopWhenNpmDies(child)

  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code, signal) => resolve(code ?? 128 + (constants.signals[signal] ?? 0)))
  })
}

/** A killed npm tells us nothing: our parent's id changes. Started by hand, we may outlive the shell that started us. */
function stopWhenNpmDies(child) {
  if (!process.env.npm_lifecycle_event) return
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    child.kill('SIGTERM')
  }, watchParentMs)
  timer.unref()
}
