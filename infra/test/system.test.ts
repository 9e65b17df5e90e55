// Runs alone: it starts the whole system.
import { test } from 'tap'
import { importing } from './import/importing.ts'
import { everyTraceIsWhole } from './journey/complete.ts'
import { journey } from './journey/journey.ts'
import { firstMinutes } from './readme/first-minutes.ts'
import { startSystem } from './support/system.ts'
import { wrongInput } from './wrong-input/wrong-input.ts'

test('a running system', { timeout: 170_000 }, async t => {
  // The tests ask faster than people do.
  const system = await startSystem(t, { RATE_LIMIT: 'off' })
  await t.test('from signing up to a notice', t => journey(t, system))
  await t.test('every route refuses what is wrong', t => wrongInput(t, system))
  await t.test('the README’s first five minutes', t => firstMinutes(t, system))
  await t.test('four blogs are moved in, once', t => importing(t, system))
  await t.test('the trace of every request is whole', t => everyTraceIsWhole(t, system))
})
