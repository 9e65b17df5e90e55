import { ROOT_CONTEXT } from '@opentelemetry/api'
import type { Transact } from '@portico/chassis'
import { MailSent } from '@portico/contracts/notification'
import { extractTrace, type Telemetry, withSpan } from '@portico/telemetry'
import type { Stores } from '../db/stores.ts'
import type { MailRow } from '../db/tables.ts'
import type { Mailer } from './mailer.ts'
import type { Render } from './render.ts'
import { verdictOf } from './retry.ts'
import type { MailData, MailText, TemplateName } from './template.ts'
import { languageOf } from './texts/index.ts'

export interface Sender {
  start(): void
  /** A mail was queued: look now. */
  wake(): void
  /** Waits for the mails under way. */
  stop(): Promise<void>
}

export interface SenderOptions {
  transact: Transact<Stores>
  mailer: Mailer
  render: Render
  telemetry: Telemetry
  clock: () => Date
}

const pollMs = 1_000
const batch = 10
/** Longer than a send can take with all its waits: who holds one longer is dead. */
const leaseMs = 60_000

/**
 * Empties the queue of mails. Each is claimed in a transaction, sent, and marked in another: a process that dies in
 * between leaves one that goes again, under the same Message-ID, after the lease. SMTP has no way to do better.
 */
export function createSender(options: SenderOptions): Sender {
  const { telemetry } = options
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined
  let isWanted = false
  let isStopping = false

  const loop = async () => {
    do {
      isWanted = false
      const sent = await sendDue(options).catch((error: unknown) => {
        telemetry.log.warn({ err: error }, 'the queue of mails could not be read')
        return 0
      })
      if (sent === batch) isWanted = true
    } while (isWanted && !isStopping)
  }
  const run = () => {
    isWanted = true
    running ??= loop().finally(() => {
      running = undefined
    })
  }
  return {
    start() {
      timer = setInterval(run, pollMs)
    },
    wake: run,
    async stop() {
      isStopping = true
      clearInterval(timer)
      await running
    },
  }
}

async function sendDue(options: SenderOptions): Promise<number> {
  const { transact, clock } = options
  const mails = await transact(({ mails }) => mails.claim(batch, clock(), leaseMs))
  await Promise.all(mails.map(mail => sendOne(options, mail)))
  return mails.length
}

/** In the trace of the request that led to it. */
async function sendOne(options: SenderOptions, mail: MailRow): Promise<void> {
  const { telemetry } = options
  const parent = mail.traceparent ? extractTrace({ traceparent: mail.traceparent }) : ROOT_CONTEXT
  const attributes = { 'portico.mail.template': mail.template, 'portico.mail.attempt': mail.attempts }
  await withSpan(telemetry.tracer, `mail ${mail.template}`, { attributes, parent }, () => deliver(options, mail)).catch(
    (error: unknown) => telemetry.log.error({ err: error, mailId: mail.id }, 'a mail could not be marked'),
  )
}

async function deliver({ transact, mailer, render, telemetry, clock }: SenderOptions, mail: MailRow): Promise<void> {
  const recipient = mail.address ?? (await transact(({ people }) => people.addressOf(mail.user_id)))
  try {
    if (recipient === null) throw new Error('no address is known')
    await mailer.send({ id: mail.id, to: recipient, ...(await render(textOf(mail))) })
  } catch (error) {
    return giveBack(transact, mail, error, clock(), telemetry)
  }
  await transact(async ({ mails, outbox }) => {
    const now = clock()
    await mails.sent(mail.id, now)
    await outbox.add(MailSent, {
      mailId: mail.id,
      userId: mail.user_id,
      template: mail.template,
      sentAt: now.toISOString(),
    })
  })
}

async function giveBack(transact: Transact<Stores>, mail: MailRow, error: unknown, now: Date, telemetry: Telemetry) {
  const { responseCode } = error as { responseCode?: number }
  const verdict = verdictOf(responseCode, mail.attempts, mail.created_at, now)
  const reason = (error instanceof Error ? error.message : String(error)).slice(0, 500)
  telemetry.log.warn({ err: error, mailId: mail.id, verdict: verdict.kind }, 'a mail was not taken')
  await transact(({ mails }) =>
    verdict.kind === 'failed' ? mails.failed(mail.id, reason) : mails.again(mail.id, verdict.dueAt, reason),
  )
}

const textOf = <Name extends TemplateName>({ template, data, locale }: MailRow): MailText => {
  const write = languageOf(locale).mails[template] as (data: MailData[Name]) => MailText
  return write(data as unknown as MailData[Name])
}
