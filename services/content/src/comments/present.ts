import type { Comment } from '@portico/contracts/content'
import type { Selectable } from 'kysely'
import type { CommentRow } from '../db/tables.ts'
import { depthOf } from './thread.ts'

export interface CommentRowView extends Selectable<CommentRow> {
  author_handle: string | null
  author_name: string
  author_avatar: string | null
}

export function presentComment(row: CommentRowView): Comment {
  const deleted = row.deleted_at !== null
  const author = {
    id: row.author_id,
    handle: row.author_handle,
    name: row.author_name,
    avatarFileId: row.author_avatar,
  }
  return {
    id: row.id,
    postId: row.post_id,
    parentId: row.parent_id,
    depth: depthOf(row.path),
    author: deleted ? null : author,
    body: row.body,
    html: row.html,
    deleted,
    createdAt: row.created_at.toISOString(),
    editedAt: row.edited_at?.toISOString() ?? null,
  }
}
