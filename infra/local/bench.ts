import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

// `npm run bench -- NAME …`: each room keeps its measurements in `bench/main.ts` of its own, which exports
// `run(arguments)`. A measurement is read by people: it is never a test that passes or fails by time.

const root = join(import.meta.dirname, '..', '..')
const rooms = ['gateway', ...folders('services'), ...folders('packages')]
const measured = rooms.filter(room => existsSync(benchOf(room)))

function folders(parent: string): string[] {
  const folder = join(root, parent)
  return existsSync(folder) ? readdirSync(folder).map(name => join(parent, name)) : []
}

function benchOf(room: string): string {
  return join(root, room, 'bench', 'main.ts')
}

const [name, ...rest] = process.argv.slice(2)
const chosen = name === undefined ? measured : measured.filter(room => room.split('/').at(-1) === name)
if (chosen.length === 0) {
  console.error(
    `There is nothing to measure called ${name}. There is: ${measured.map(room => room.split('/').at(-1)).join(', ')}`,
  )
  process.exit(64)
}
for (const room of chosen) {
  const { run }: { run: (args: string[]) => Promise<void> } = await import(pathToFileURL(benchOf(room)).href)
  await run(rest)
}
