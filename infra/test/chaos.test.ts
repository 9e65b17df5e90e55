// Runs alone: it starts the whole system.
import { test } from 'tap'
import { type Facts, noFacts } from './chaos/facts.ts'
import { fewestKills, type Kill, killInTurn } from './chaos/killer.ts'
import { live } from './chaos/life.ts'
import { type Failure, readOn } from './chaos/reading.ts'
import { reckon } from './chaos/reckoning.ts'
import { type RunningSystem, startSystem } from './support/system.ts'

/** `PORTICO_CHAOS_SECONDS=600 npm test infra/test/chaos.test.ts` goes on for longer. */
const killingSeconds = Number(process.env.PORTICO_CHAOS_SECONDS ?? 40)
const lanes = 3
const readers = 2
/** A database that is back has to be found again by every pool. */
const recoveryMs = 2_000

test('everything is killed in turn while people live on', { timeout: (killingSeconds + 240) * 1_000 }, async t => {
  const system = await startSystem(t, { RATE_LIMIT: 'off' })
  const facts = noFacts()
  const over = new AbortController()
  const lives = Promise.all(Array.from({ length: lanes }, (_, lane) => liveOn(system, facts, lane, over.signal)))
  const readings = Promise.all(Array.from({ length: readers }, () => readOn(system, facts, over.signal)))
  // What fails early is told at the end, after the processes that others look at were brought back.
  for (const each of [lives, readings]) each.catch(() => {})
  const kills = await killInTurn(system, killingSeconds * 1_000).finally(() => over.abort())
  await lives
  const read = await readings

  t.comment(`${kills.map(each => `${each.name} back after ${each.backAtMs - each.killedAtMs} ms`).join(', ')}`)
  t.comment(`${facts.people.length} people, ${facts.comments.length} comments, ${read.map(each => each.count)} reads`)
  t.ok(kills.length >= fewestKills, `${kills.length} kills`)
  t.ok(facts.comments.length > 0, `${facts.comments.length} comments`)
  const failures = read.flatMap(each => each.failures)
  t.strictSame(
    failures.filter(each => !isExcused(each, kills)),
    [],
    'no read failed for a killed replica or for NATS',
  )
  await t.test('what was acknowledged is there, once', t => reckon(t, system, facts))
})

async function liveOn(system: RunningSystem, facts: Facts, lane: number, signal: AbortSignal): Promise<void> {
  for (let turn = 0; !signal.aborted; turn++) await live(system, facts, `p${lane}-${turn}`, lane * 1_000 + turn)
}

/** While PostgreSQL is away nobody can read what is not kept; it is said with a status that asks for another try. */
function isExcused({ status, startedAtMs, endedAtMs }: Failure, kills: readonly Kill[]): boolean {
  const isAway = ({ name, killedAtMs, backAtMs }: Kill) =>
    name === 'postgres' && endedAtMs >= killedAtMs && startedAtMs <= backAtMs + recoveryMs
  return [502, 503, 504].includes(status) && kills.some(isAway)
}
