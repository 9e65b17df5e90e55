import type { NoticeKind, Preferences } from '@portico/contracts/notification'
import type { TemplateName } from '../mails/template.ts'

/** Kysely's picture of the tables; the migrations are the truth. */
export interface Tables {
  people: PersonRow
  preferences: { user_id: string; choices: Partial<Preferences> }
  notices: NoticeRow
  mails: MailRow
}

/** What notification knows of an account: a projection of `user.account` events. */
export interface PersonRow {
  user_id: string
  /** Null when the account is gone. */
  handle: string | null
  name: string
  email: string | null
  locale: string
  updated_at: Date
}

export interface NoticeRow {
  id: string
  user_id: string
  kind: NoticeKind
  actor_id: string
  path: string
  title: string
  post_id: string | null
  comment_id: string | null
  created_at: Date
  read_at: Date | null
}

export type MailStatus = 'queued' | 'sending' | 'sent' | 'failed'

export interface MailRow {
  id: string
  user_id: string
  /** Null: the person's own, as known when it is sent. */
  address: string | null
  locale: string
  template: TemplateName
  /** What the text needs; emptied once it is sent, for it may hold a code. */
  data: Record<string, string>
  status: MailStatus
  attempts: number
  due_at: Date
  traceparent: string | null
  created_at: Date
  sent_at: Date | null
  last_error: string | null
}
