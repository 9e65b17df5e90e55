import { join } from 'node:path'
import { startKeeper } from './processes/keeper.ts'
import { checksOf, runCheck } from './suite/checks.ts'

/** `npm run check`: types, style and arrows, without running anything. */
const root = join(import.meta.dirname, '..', '..')
const keeper = startKeeper()
const outcomes = await Promise.all(checksOf(root).map(check => runCheck(root, check, keeper)))
await keeper.close()
for (const { name, ok, output, seconds } of outcomes) {
  console.log(`${ok ? '✓' : '✗'} ${name} (${seconds.toFixed(1)} s)${ok || !output ? '' : `\n${output}`}`)
}
process.exitCode = outcomes.every(({ ok }) => ok) ? 0 : 1
