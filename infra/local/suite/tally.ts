import { Parser, type Result } from 'tap-parser'

export interface Failure {
  /** File, tests, assertion, from the outside in. */
  readonly path: readonly string[]
  readonly diagnostics: Readonly<Record<string, unknown>>
}

export interface Tally {
  passed: number
  failed: number
  skipped: number
  failures: Failure[]
}

export function addUp(tallies: readonly Tally[]): Tally {
  const sum = (count: (tally: Tally) => number) => tallies.reduce((total, tally) => total + count(tally), 0)
  return {
    passed: sum(({ passed }) => passed),
    failed: sum(({ failed }) => failed),
    skipped: sum(({ skipped }) => skipped),
    failures: tallies.flatMap(({ failures }) => failures),
  }
}

export interface FileOutcome {
  readonly name: string
  readonly ok: boolean
  readonly tests: number
  readonly seconds: number
}

interface Level {
  path: readonly string[]
  passedHere: number
  failedHere: number
  counted: number
  failedWithin: number
}

/**
 * Counts tests in a stream of TAP: one for each named test that asserts something itself (a file without named tests
 * is one), failed when one of its own assertions is. A test that only holds others is not counted, unless it failed
 * without any of them failing: a plan not kept, a process that died.
 */
export function countTests(onFile: (outcome: FileOutcome) => void): { parser: Parser; tally: Tally } {
  const tally: Tally = { passed: 0, failed: 0, skipped: 0, failures: [] }
  const parser = new Parser()
  // What stands at the top belongs to no file: a time limit reached, a bail out. Each is a test of its own.
  watch(parser, newLevel([]), null)
  return { parser, tally }

  function watch(parser: Parser, level: Level, parent: Level | null): void {
    let inner: Level | null = null
    parser.on('child', (child: Parser) => {
      inner = newLevel([...level.path, child.name])
      watch(child, inner, level)
    })
    parser.on('assert', (result: Result) => {
      if (result.closingTestPoint && inner) {
        closeTest(result, inner, level)
        if (!parent) onFile(fileOutcome(result, inner))
        inner = null
        return
      }
      assertion(result, level, parent === null)
    })
  }

  function assertion(result: Result, level: Level, alone: boolean): void {
    if (result.skip || result.todo) {
      tally.skipped++
      level.counted++
      return
    }
    if (result.ok) level.passedHere++
    else {
      level.failedHere++
      fail([...level.path, result.name], result)
    }
    if (alone) tally[result.ok ? 'passed' : 'failed']++
  }

  function closeTest(result: Result, test: Level, parent: Level): void {
    const own = test.passedHere + test.failedHere
    if (result.skip || result.todo) {
      if (own + test.counted === 0) count('skipped', test)
    } else if (test.failedHere > 0) count('failed', test)
    else if (!result.ok && test.failedWithin === 0) {
      count('failed', test)
      fail(test.path, result)
    } else if (own > 0 || test.counted === 0) count('passed', test)
    parent.counted += test.counted
    parent.failedWithin += test.failedWithin
  }

  function count(kind: 'passed' | 'failed' | 'skipped', level: Level): void {
    tally[kind]++
    level.counted++
    if (kind === 'failed') level.failedWithin++
  }

  function fail(path: readonly string[], result: Result): void {
    const diagnostics: unknown = result.diag
    tally.failures.push({ path, diagnostics: isRecord(diagnostics) ? diagnostics : {} })
  }
}

function newLevel(path: readonly string[]): Level {
  return { path, passedHere: 0, failedHere: 0, counted: 0, failedWithin: 0 }
}

function fileOutcome(result: Result, { path, counted }: Level): FileOutcome {
  return { name: path.join(' › '), ok: result.ok, tests: counted, seconds: (result.time ?? 0) / 1000 }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
