import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'

/** One import as it stands in a file. Paths are relative to the root, with `/`. */
export interface Import {
  readonly file: string
  readonly room: string
  /** Tests and benchmarks may use what the running system may not. */
  readonly inTests: boolean
  readonly specifier: string
  /** The file it names, when it is a path. */
  readonly target: string | null
  /** The room it leads to, when that is one of ours. */
  readonly targetRoom: string | null
  /** Erased before anything runs. */
  readonly typeOnly: boolean
}

const passedOver = new Set(['node_modules', '.portico', '.tap', 'dist', 'fixtures', 'released'])
const statement = /^[ \t]*(?:import|export)\b([^'"`;]*?)\bfrom\s*['"]([^'"\n]+)['"]/gm
const sideEffect = /^[ \t]*import\s*['"]([^'"\n]+)['"]/gm
const dynamic = /\bimport\(\s*['"]([^'"\n]+)['"]\s*[,)]/g

/** Every import of every TypeScript file of the workspace. */
export function readImports(root: string): Import[] {
  const rooms = roomsOf(root)
  return [...rooms.values()].flatMap(room =>
    sources(join(root, room)).flatMap(path => {
      const file = slashed(relative(root, path))
      return importsIn(readFileSync(path, 'utf8')).map(({ specifier, typeOnly }) => {
        const target = specifier.startsWith('.') ? slashed(relative(root, resolve(dirname(path), specifier))) : null
        const targetRoom = target ? roomOf(target) : (rooms.get(packageName(specifier)) ?? null)
        return { file, room, inTests: isTest(file), specifier, target, targetRoom, typeOnly }
      })
    }),
  )
}

/** From a package's name to its room: `@portico/database` to `packages/database`. */
function roomsOf(root: string): Map<string, string> {
  const folders = ['services', 'packages', 'infra'].flatMap(parent =>
    existsSync(join(root, parent)) ? readdirSync(join(root, parent)).map(name => `${parent}/${name}`) : [],
  )
  const rooms = new Map<string, string>()
  for (const folder of ['gateway', ...folders]) {
    const manifest = join(root, folder, 'package.json')
    if (existsSync(manifest)) rooms.set(String(JSON.parse(readFileSync(manifest, 'utf8')).name), folder)
  }
  return rooms
}

function roomOf(path: string): string | null {
  const [first = '', second = ''] = path.split('/')
  if (first === 'gateway') return first
  return ['services', 'packages', 'infra'].includes(first) ? `${first}/${second}` : null
}

function packageName(specifier: string): string {
  return specifier.split('/').slice(0, 2).join('/')
}

function isTest(file: string): boolean {
  return /\.test\.ts$|\/(test|tests|bench)\//.test(file)
}

function importsIn(source: string): { specifier: string; typeOnly: boolean }[] {
  const found: { specifier: string; typeOnly: boolean }[] = []
  for (const [, clause = '', specifier = ''] of source.matchAll(statement)) {
    found.push({ specifier, typeOnly: isTypeOnly(clause) })
  }
  for (const [, specifier = ''] of source.matchAll(sideEffect)) found.push({ specifier, typeOnly: false })
  for (const [, specifier = ''] of source.matchAll(dynamic)) found.push({ specifier, typeOnly: false })
  return found
}

/** `type X`, `type { X }`, or braces in which every name is a type. */
function isTypeOnly(clause: string): boolean {
  if (/^\s*type\b(?!\s*,)/.test(clause)) return true
  const names = /^\s*\{([^}]*)\}\s*$/
    .exec(clause)?.[1]
    ?.split(',')
    .filter(name => name.trim())
  return names !== undefined && names.length > 0 && names.every(name => /^\s*type\s/.test(name))
}

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
    if (passedOver.has(entry.name)) return []
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return sources(path)
    return /\.tsx?$/.test(entry.name) ? [path] : []
  })
}

function slashed(path: string): string {
  return path.split(sep).join('/')
}
