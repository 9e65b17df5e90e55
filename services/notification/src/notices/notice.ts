import type { Notice } from '@portico/contracts/notification'
import { languageOf } from '../mails/texts/index.ts'
import type { NoticeView } from './notice-store.ts'

/** A notice as its reader sees it, in their language. */
export function present(row: NoticeView, locale: string): Notice {
  const { notices } = languageOf(locale)
  const isKnown = row.actor_name !== null && row.actor_name !== ''
  const name = isKnown && row.actor_name !== null ? row.actor_name : notices.somebody
  return {
    id: row.id,
    kind: row.kind,
    actor: isKnown ? { id: row.actor_id, handle: row.actor_handle, name } : null,
    text: row.kind === 'follow' ? notices.follow(name) : notices[row.kind](name, row.title),
    path: row.path,
    postId: row.post_id,
    commentId: row.comment_id,
    createdAt: row.created_at.toISOString(),
    readAt: row.read_at?.toISOString() ?? null,
  }
}
