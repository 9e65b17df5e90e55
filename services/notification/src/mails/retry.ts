const second = 1_000
const minute = 60 * second
const hour = 60 * minute

/** Quick at first, for a server that restarts; then patient, for one that is away for days. */
const delaysMs = [2 * second, 5 * second, 15 * second, minute, 5 * minute, 15 * minute, hour, 3 * hour]
/** After that the mail is of no use to anybody. */
const giveUpAfterMs = 3 * 24 * hour

export type Verdict = { kind: 'again'; dueAt: Date } | { kind: 'failed' }

/**
 * What becomes of a mail that the server did not take. "A 5yz reply: the SMTP client SHOULD NOT repeat the exact request"
 * (RFC 5321, section 4.2.1); all else is tried again for three days.
 */
export function verdictOf(responseCode: number | undefined, attempts: number, createdAt: Date, now: Date): Verdict {
  const isPermanent = responseCode !== undefined && responseCode >= 500
  if (isPermanent || now.getTime() - createdAt.getTime() > giveUpAfterMs) return { kind: 'failed' }
  const delayMs = delaysMs[Math.min(attempts, delaysMs.length) - 1] ?? 3 * hour
  return { kind: 'again', dueAt: new Date(now.getTime() + delayMs) }
}
