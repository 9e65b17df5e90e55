import { setTimeout as pause } from 'node:timers/promises'
import { listReplicas } from '@portico/contracts/console'
import { eventually } from '@portico/testkit'
import { expectBody, expectStatus } from '../support/http.ts'
import type { RunningSystem } from '../support/system.ts'

/** A process that was killed, and when it was seen to serve again; milliseconds of `Date.now()`. */
export interface Kill {
  readonly name: string
  readonly killedAtMs: number
  readonly backAtMs: number
}

/** One replica of each service, then the other one, with the servers in between. */
const victims = [
  ...['content-1', 'user-1', 'nats', 'notification-1', 'file-1', 'postgres'],
  ...['content-2', 'user-2', 'nats', 'notification-2', 'file-2', 'postgres'],
] as const
/** However long it takes: one of everything. */
export const fewestKills = victims.length / 2
const backWithinMs = 45_000
const betweenMs = 1_000

/** Kills one process after the other, each when the one before is back, for so long, and one of everything at least. */
export async function killInTurn(system: RunningSystem, forMs: number): Promise<Kill[]> {
  const kills: Kill[] = []
  const untilMs = Date.now() + forMs
  for (let turn = 0; turn < fewestKills || Date.now() < untilMs; turn++) {
    const name = victims[turn % victims.length] ?? 'nats'
    const pid = system.pid(name)
    const killedAtMs = Date.now()
    process.kill(pid, 'SIGKILL')
    await eventually(() => isBack(system, name, pid, killedAtMs), { withinMs: backWithinMs, everyMs: 100 })
    kills.push({ name, killedAtMs, backAtMs: Date.now() })
    await pause(betweenMs)
  }
  return kills
}

/** Another process, and the whole of the system sees it at work. */
async function isBack(system: RunningSystem, name: string, oldPid: number, killedAtMs: number): Promise<boolean> {
  if (system.processes().get(name) === oldPid) throw new Error(`${name} was not started again`)
  // Of the operator: past every cache, and through the database of the user service.
  expectStatus(await system.operator.get('/v1/posts'), 200)
  expectStatus(await system.operator.get('/v1/me'), 200)
  const { items } = expectBody(
    await system.operator.get('/console/api/replicas'),
    200,
    listReplicas.schema.response[200],
  )
  const seen = items.filter(({ state, instance, startedAt, seenAt }) => {
    const isNewer = instance !== name || Date.parse(startedAt) > killedAtMs
    return state === 'serving' && isNewer && Date.parse(seenAt) > killedAtMs
  })
  const missing = [...system.processes().keys()].filter(
    each => /-\d$/.test(each) && !seen.some(({ instance }) => instance === each),
  )
  if (missing.length > 0 && (name === 'nats' || missing.includes(name))) throw new Error(`${missing} not seen yet`)
  return true
}
