import { spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'

const keptLines = 30

/**
 * Runs a command without a shell and without input.
 *
 * @param {string} file
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string | undefined>, logFile?: string, onLine?: (line: string) => void }} [options]
 * @returns {Promise<{ code: number, tail: string }>} the exit code (127: no such command) and its last 30 lines
 */
export function run(file, args, { cwd, env = {}, logFile, onLine = () => {} } = {}) {
  return new Promise(resolve => {
    const log = logFile ? createWriteStream(logFile, { flags: 'a' }) : null
    const tail = []
    const take = line => {
      tail.push(line)
      if (tail.length > keptLines) tail.shift()
      onLine(line)
    }
    const child = spawn(file, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [child.stdout, child.stderr]) {
      let rest = ''
      stream.setEncoding('utf8')
      stream.on('data', text => {
        log?.write(text)
        const lines = (rest + text).split(/[\r\n]+/)
        rest = lines.pop() ?? ''
        lines.forEach(take)
      })
      stream.on('end', () => rest && take(rest))
    }
    const finish = (code, last) => {
      if (last) tail.push(last)
      log?.end()
      resolve({ code, tail: tail.join('\n') })
    }
    child.on('error', error => finish(127, error.message))
    child.on('close', (code, signal) => finish(code ?? 128, signal ? `ended by ${signal}` : ''))
  })
}
