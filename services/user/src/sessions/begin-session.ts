import { type Answer, answer } from '@portico/chassis'
import type { SessionStarted } from '@portico/contracts/user'
import { uuidv7 } from '@portico/database'
import { type Account, toMe } from '../accounts/account.ts'
import type { Stores } from '../context.ts'
import type { SessionCookie } from './cookie.ts'
import { type Device, expiresIn, startSession } from './session.ts'

interface Beginning {
  account: Account
  mode: 'cookie' | 'token'
  device: Device
  cookie: SessionCookie
  now: Date
}

/** Begins a session in the given transaction. Its secrets leave with this answer and are nowhere else. */
export async function beginSession(
  { sessions }: Stores,
  { account, mode, device, cookie, now }: Beginning,
): Promise<Answer<SessionStarted>> {
  const { session, tokens, secrets } = startSession({ id: uuidv7(), accountId: account.id, mode }, device, now)
  await sessions.add(session, tokens)
  const expiresAt = session.expiresAt ?? now
  const started = { sessionId: session.id, mode, user: toMe(account), expiresAt: expiresAt.toISOString() }
  const { cookie: value, accessToken, refreshToken } = secrets
  const headers = { 'cache-control': 'no-store' }
  if (value !== undefined)
    return answer(started, { headers: { ...headers, 'set-cookie': cookie.set(value, expiresAt, now) } })
  if (accessToken === undefined || refreshToken === undefined) throw new TypeError('a session without secrets')
  return answer({ ...started, accessToken, refreshToken, expiresIn }, { headers })
}
