import { NoticeCreated, type NoticeKind } from '@portico/contracts/notification'
import { uuidv7 } from '@portico/database'
import type { Stores } from '../db/stores.ts'
import type { PersonRow } from '../db/tables.ts'
import type { MailData } from '../mails/template.ts'
import { languageOf } from '../mails/texts/index.ts'

/** Something that somebody should know. */
export interface News {
  kind: NoticeKind
  /** Whom it is for. */
  userId: string
  actorId: string
  path: string
  title: string
  excerpt: string
  postId: string | null
  commentId: string | null
  at: Date
}

/** Tells one person, by the channels they chose: a notice, a mail. Nobody is told what they did themselves. */
export async function notify(stores: Stores, news: News, now: Date): Promise<void> {
  if (news.userId === news.actorId) return
  const { people, notices, preferences, outbox, queueMail } = stores
  const [choices, reader, actor] = [
    await preferences.get(news.userId),
    await people.get(news.userId),
    await people.get(news.actorId),
  ]
  const chosen = choices[news.kind]
  if (chosen.notice) {
    const { kind, userId, actorId, path, title, postId, commentId, at } = news
    const id = uuidv7()
    await notices.insert({
      id,
      user_id: userId,
      kind,
      actor_id: actorId,
      path,
      title,
      post_id: postId,
      comment_id: commentId,
      created_at: at,
      read_at: null,
    })
    await outbox.add(NoticeCreated, { noticeId: id, userId, kind, createdAt: at.toISOString() })
  }
  if (chosen.mail) {
    const locale = reader?.locale ?? 'en'
    const data = mailDataOf(news, nameOf(actor, locale))
    await queueMail({ template: news.kind, data, userId: news.userId, address: null, locale }, now)
  }
}

const nameOf = (person: PersonRow | undefined, locale: string) => person?.name || languageOf(locale).notices.somebody

const mailDataOf = ({ path, title, excerpt }: News, actor: string): MailData['comment'] => ({
  actor,
  title,
  path,
  excerpt,
})
