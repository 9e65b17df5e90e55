import t from 'tap'
import { createSessions, type Session } from './session-cache.ts'
import type { Visit } from './visit.ts'

const principal = { userId: 'u', role: 'author', sessionId: 's', handle: 'ada', scopes: null } as const
// The cache hands the visit on and never looks at it.
const visit = {} as Visit

function cache() {
  let now = 0
  const clock = () => now
  const ask = async (): Promise<Session> => ({ principal, internalToken: 'jwt', expiresAtMs: now + 60_000 })
  const sessions = createSessions({ clock, ask, silenceMs: () => 1_500 })
  const advance = (ms: number) => {
    now += ms
  }
  return { advance, ...sessions }
}

t.test('what is kept is believed while the beat is heard', async t => {
  const { advance, beat, exchange, known } = cache()
  beat()
  await exchange('key', 'token', visit)
  advance(1_500)
  t.match(known('key'), { principal })
  advance(1)
  t.equal(known('key'), undefined, 'silence: ask again')
})

t.test('what was kept before a silence is not believed after it: its revocation may have been missed', async t => {
  const { advance, beat, exchange, known } = cache()
  beat()
  await exchange('key', 'token', visit)
  advance(5_000)
  beat()
  t.equal(known('key'), undefined)
  await exchange('key', 'token', visit)
  t.match(known('key'), { principal })
})

t.test('a revocation drops the session at once', async t => {
  const { beat, exchange, known, revoke } = cache()
  beat()
  await exchange('key', 'token', visit)
  revoke('u', ['another'])
  t.match(known('key'), { principal })
  revoke('u', ['s'])
  t.equal(known('key'), undefined)
})
