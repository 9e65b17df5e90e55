import type { Failure, Tally } from './tally.ts'

const stackLines = 6

/** A failure as people read it: where, what differed, from which line. */
export function describeFailure({ path, diagnostics }: Failure): string {
  const lines = [`✗ ${path.join(' › ')}`]
  const at = placeOf(diagnostics)
  if (at) lines.push(`  at ${at}`)
  if (typeof diagnostics.expired === 'string')
    lines.push(`  gave no answer within the time limit: ${diagnostics.expired}`)
  if (typeof diagnostics.message === 'string') lines.push(indented(diagnostics.message))
  if (typeof diagnostics.diff === 'string') lines.push(indented(diagnostics.diff))
  else {
    for (const name of ['found', 'wanted', 'pattern', 'note', 'code', 'tapError', 'reason']) {
      if (name in diagnostics) lines.push(`  ${name}: ${oneLine(diagnostics[name])}`)
    }
  }
  if (diagnostics.signal) lines.push(`  ended by ${oneLine(diagnostics.signal)}`)
  else if (typeof diagnostics.exitCode === 'number' && path.length === 1)
    lines.push(`  exit code ${diagnostics.exitCode}`)
  if (typeof diagnostics.stack === 'string') {
    lines.push(
      ...diagnostics.stack
        .trimEnd()
        .split('\n')
        .slice(0, stackLines)
        .map(line => `    ${line.trim()}`),
    )
  }
  return lines.join('\n')
}

/** The line that ends every run, alone, so that a machine can read it. */
export function summaryLine({ passed, failed, skipped }: Pick<Tally, 'passed' | 'failed' | 'skipped'>): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

function placeOf({ at }: Failure['diagnostics']): string | null {
  if (!at || typeof at !== 'object' || !('fileName' in at)) return null
  return `${at.fileName}${'lineNumber' in at ? `:${at.lineNumber}` : ''}`
}

function indented(text: string): string {
  return text.trimEnd().replace(/^/gm, '    ')
}

function oneLine(value: unknown): string {
  return typeof value === 'string' ? value.trim() : JSON.stringify(value)
}
