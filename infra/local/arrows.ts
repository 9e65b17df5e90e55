import { join, resolve } from 'node:path'
import { importCycles } from './arrows/cycles.ts'
import { readImports } from './arrows/graph.ts'
import { objection } from './arrows/rules.ts'

/** Draws which room imports which; fails on an arrow that points back and on files that import each other. */
const root = resolve(process.argv[2] ?? join(import.meta.dirname, '..', '..'))
const imports = readImports(root)

const drawn = new Map<string, Set<string>>()
for (const { room, targetRoom, inTests } of imports) {
  if (targetRoom && targetRoom !== room && !inTests) drawn.set(room, (drawn.get(room) ?? new Set()).add(targetRoom))
}
for (const [room, targets] of [...drawn].sort()) {
  console.log(
    `${room.padEnd(24)} -> ${[...targets]
      .map(target => target.replace(/^packages\//, ''))
      .sort()
      .join(', ')}`,
  )
}

const problems = [
  ...imports.flatMap(imported => {
    const reason = objection(imported)
    return reason ? [`${imported.file}: ${reason}`] : []
  }),
  ...importCycles(imports).map(cycle => `These files import each other: ${cycle.join(' -> ')}`),
]
for (const problem of problems) console.error(problem)
console.log(`${imports.length} imports, ${problems.length} against the arrows`)
process.exitCode = problems.length > 0 ? 1 : 0
