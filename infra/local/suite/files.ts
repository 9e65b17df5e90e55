import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'

const rooms = ['packages', 'gateway', 'services', 'infra']
const passedOver = new Set(['node_modules', '.portico', '.tap', 'dist', 'fixtures'])

/**
 * The test files of the workspace, or those at or below the given paths, relative to the root.
 *
 * @throws when a path holds none: a mistyped name must not pass
 */
export function testFiles(root: string, paths: readonly string[]): string[] {
  if (paths.length === 0) return rooms.flatMap(room => walk(join(root, room))).map(file => relative(root, file))
  const found = paths.flatMap(path => {
    const absolute = resolve(root, path)
    const files = statSync(absolute, { throwIfNoEntry: false })?.isDirectory() ? walk(absolute) : [absolute]
    const tests = files.filter(file => isTest(file) && statSync(file, { throwIfNoEntry: false })?.isFile())
    if (tests.length === 0) throw new Error(`No test file at ${path}`)
    return tests
  })
  return [...new Set(found)].map(file => relative(root, file).split(sep).join('/'))
}

const headChars = 1_000

/**
 * Whether a file wants the machine to itself, and says so in a comment at its top: `// Runs alone: …`. A whole system,
 * or a measured time, beside another busy test says little.
 */
export function runsAlone(root: string, file: string): boolean {
  return /^\/\/ Runs alone: /m.test(readFileSync(join(root, file), 'utf8').slice(0, headChars))
}

function walk(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(entry => {
      if (passedOver.has(entry.name)) return []
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return walk(path)
      return entry.isFile() && isTest(path) ? [path] : []
    })
}

function isTest(path: string): boolean {
  return path.endsWith('.test.ts')
}
