import { PasswordResetRequested } from '@portico/contracts/user'
import { extractTrace, type Telemetry, withSpan } from '@portico/telemetry'
import type { Stores, Transact } from '../context.ts'
import { hashToken, newToken } from '../sessions/tokens.ts'
import { type ResetRequest, resetLifetimeMs, toResetRequested } from './password-reset.ts'

export interface ResetMailer {
  /** Works off what waits, soon and in the background. */
  wake(): void
  /** Works off what waits; at most `limit` requests. */
  run(signal?: AbortSignal, limit?: number): Promise<void>
  /** Takes nothing new, and waits for what is under way. */
  stop(): Promise<void>
}

export interface ResetMailerOptions {
  transact: Transact
  clock: () => Date
  telemetry: Pick<Telemetry, 'log' | 'tracer'>
}

/**
 * Turns requests for a reset into mails, after they were answered. Woken by the request itself; a job runs it too, for
 * what a replica left behind when it died.
 */
export function createResetMailer({ transact, clock, telemetry }: ResetMailerOptions): ResetMailer {
  const stopping = new AbortController()
  let running: Promise<void> | undefined
  let again = false

  async function next(): Promise<boolean> {
    return transact(async stores => {
      const request = await stores.resets.takeUnhandled()
      if (request)
        await withSpan(telemetry.tracer, 'mail password reset', { parent: extractTrace(request) }, () =>
          mail(stores, request, clock()),
        )
      return request !== null
    })
  }

  async function run(signal: AbortSignal = stopping.signal, limit = 100): Promise<void> {
    for (let left = limit; left > 0 && !signal.aborted; left -= 1) if (!(await next())) return
  }

  function wake() {
    again = true
    if (running || stopping.signal.aborted) return
    again = false
    running = run()
      .catch(error => telemetry.log.error({ err: error }, 'password resets could not be mailed: the job tries again'))
      .finally(() => {
        running = undefined
        if (again) wake()
      })
  }

  return {
    wake,
    run,
    async stop() {
      stopping.abort()
      await running
    },
  }
}

async function mail({ accounts, resets, outbox }: Stores, { id, emailKey }: ResetRequest, now: Date): Promise<void> {
  const account = await accounts.findByEmail(emailKey)
  if (account?.status !== 'active' || account.email === null || !(await resets.mayMail(emailKey, now))) {
    return resets.handled(id, now)
  }
  const token = newToken('reset')
  const expiresAt = new Date(now.getTime() + resetLifetimeMs)
  await resets.handled(id, now, { accountId: account.id, tokenHash: hashToken(token), expiresAt })
  const owner = { id: account.id, email: account.email, name: account.name, locale: account.locale }
  await outbox.add(PasswordResetRequested, toResetRequested({ id, token, expiresAt }, owner))
}
