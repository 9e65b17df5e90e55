import type { DatabaseSync } from 'node:sqlite'
import type { MailboxItem } from '@portico/contracts/console'

export interface MailStore {
  /** Keeps it, but for recipients who have it already: one Message-ID is one mail, however often it is sent. */
  add(mail: MailboxItem): void
  get(id: string): MailboxItem | null
  /** Newest first; `before` is the id of the last mail of the page before (ids ascend with time). */
  list(filter: { to?: string; before?: string; limit: number }): MailboxItem[]
  /** Drops the oldest until at most so many are kept. */
  trim(most: number): number
}

const schema = `
  create table if not exists mails (id text primary key, mail text not null) without rowid;
  create table if not exists recipients (
    address text not null, mail_id text not null references mails (id) on delete cascade, message_id text,
    primary key (address, mail_id)
  ) without rowid;
  create unique index if not exists recipients_once on recipients (address, message_id) where message_id is not null;
  create index if not exists recipients_of_mail on recipients (mail_id);
`

export function createMailStore(db: DatabaseSync): MailStore {
  db.exec(schema)
  const insert = db.prepare('insert into mails values (?, ?)')
  const insertRecipient = db.prepare('insert or ignore into recipients values (?, ?, ?)')
  const has = db.prepare('select 1 from recipients where address = ? and message_id = ?')
  const one = db.prepare('select mail from mails where id = ?')
  const all = db.prepare('select mail from mails where id < ? order by id desc limit ?')
  const ofAddress = db.prepare(
    `select mail from recipients join mails on mails.id = mail_id
     where address = ? and mail_id < ? order by mail_id desc limit ?`,
  )
  const surplus = db.prepare('select id from mails order by id desc limit 1 offset ?')
  const drop = db.prepare('delete from mails where id <= ?')
  const afterAll = 'g'

  const parse = (row: unknown) => JSON.parse((row as { mail: string }).mail) as MailboxItem
  return {
    add(mail) {
      const messageId = mail.headers['message-id'] ?? null
      const isNew = (address: string) => messageId === null || has.get(address.toLowerCase(), messageId) === undefined
      const to = mail.to.filter(isNew)
      if (to.length === 0) return
      db.exec('begin')
      insert.run(mail.id, JSON.stringify({ ...mail, to }))
      for (const address of to) insertRecipient.run(address.toLowerCase(), mail.id, messageId)
      db.exec('commit')
    },
    get(id) {
      const row = one.get(id)
      return row === undefined ? null : parse(row)
    },
    list({ to, before = afterAll, limit }) {
      const rows = to === undefined ? all.all(before, limit) : ofAddress.all(to.toLowerCase(), before, limit)
      return rows.map(parse)
    },
    trim(most) {
      const oldest = surplus.get(most) as { id: string } | undefined
      return oldest === undefined ? 0 : Number(drop.run(oldest.id).changes)
    },
  }
}
