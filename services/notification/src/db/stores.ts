import { type Outbox, outbox } from '@portico/messaging'
import type { Telemetry } from '@portico/telemetry'
import type { Kysely, Transaction } from 'kysely'
import { type MailStore, mailStore } from '../mails/mail-store.ts'
import { type NoticeStore, noticeStore } from '../notices/notice-store.ts'
import { type PersonStore, personStore } from '../people/person-store.ts'
import { type PreferenceStore, preferenceStore } from '../preferences/preference-store.ts'
import type { Tables } from './tables.ts'

/** For reading: each statement by itself. */
export interface Reads {
  readonly notices: NoticeStore
  readonly people: PersonStore
  readonly preferences: PreferenceStore
}

/** For writing: bound to one transaction. */
export interface Stores extends Reads {
  readonly mails: MailStore
  readonly outbox: Outbox
  /** Puts a mail in the queue, and wakes the sender once the transaction is committed. */
  readonly queueMail: MailStore['queue']
}

export const bindReads = (db: Kysely<Tables>): Reads => ({
  notices: noticeStore(db),
  people: personStore(db),
  preferences: preferenceStore(db),
})

interface Bound {
  telemetry: Telemetry
  afterCommit: (hook: () => void) => void
  wakeSender: () => void
}

export function bindStores(trx: Transaction<Tables>, { telemetry, afterCommit, wakeSender }: Bound): Stores {
  const mails = mailStore(trx)
  return {
    ...bindReads(trx),
    mails,
    outbox: outbox(trx, telemetry),
    queueMail(mail, now) {
      afterCommit(wakeSender)
      return mails.queue(mail, now)
    },
  }
}
