import { SessionsBeat, SessionsRevoked } from '@portico/contracts/user'
import { silentTelemetry } from '@portico/telemetry'
import { eventually } from '@portico/testkit'
import t from 'tap'
import { createRevocations } from './revocations.ts'

const userId = '01980a5e-7c21-7000-8000-000000000002'

function recorded(since: () => Promise<{ id: string; userId: string; sessionIds: string[] | null }[]>) {
  const said: string[] = []
  const bus = {
    isConnected: () => true,
    broadcast: ({ subject }: { subject: string }) => void said.push(subject),
  }
  const clock = () => new Date()
  return { said, ...createRevocations({ revocations: { since }, bus, clock, telemetry: silentTelemetry() }) }
}

t.test('a revocation that another replica wrote is told, before the beat, some times and no more', async t => {
  const { said, start, stop } = recorded(async () => [{ id: 'r1', userId, sessionIds: null }])
  start()
  t.teardown(stop)
  await eventually(() => said.filter(subject => subject === SessionsBeat.subject).length >= 8, { withinMs: 30_000 })
  t.same(said.slice(0, 2), [SessionsRevoked.subject, SessionsBeat.subject])
  t.equal(said.filter(subject => subject === SessionsRevoked.subject).length, 6)
})

t.test('a replica that cannot read revocations does not beat', async t => {
  let asked = 0
  const { said, start, stop } = recorded(async () => {
    asked += 1
    throw new Error('no database')
  })
  start()
  t.teardown(stop)
  await eventually(() => asked >= 2)
  t.same(said, [])
})
