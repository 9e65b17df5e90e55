import type { Import } from './graph.ts'

/** Circles of files that import each other when they run; imports of types alone are erased and close no circle. */
export function importCycles(imports: readonly Import[]): string[][] {
  const edges = new Map<string, Set<string>>()
  for (const { file, target, typeOnly } of imports) {
    if (!target || typeOnly) continue
    const targets = edges.get(file) ?? new Set()
    edges.set(file, targets.add(target))
  }
  const cycles: string[][] = []
  const done = new Set<string>()
  for (const file of edges.keys()) visit(file, [])
  return cycles

  function visit(file: string, path: readonly string[]): void {
    const start = path.indexOf(file)
    if (start >= 0) {
      cycles.push([...path.slice(start), file])
      return
    }
    if (done.has(file)) return
    for (const next of edges.get(file) ?? []) visit(next, [...path, file])
    done.add(file)
  }
}
