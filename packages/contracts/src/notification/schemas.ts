import { type Static, Type } from 'typebox'
import { Handle, Id, nullable, Timestamp } from '../schemas.ts'

export const noticeKinds = ['follow', 'comment', 'reply'] as const
export const NoticeKind = Type.Enum([...noticeKinds])
export type NoticeKind = (typeof noticeKinds)[number]

/** Who did it, as known when it happened; null when the account is gone. */
export const Actor = Type.Object({ id: Id, handle: nullable(Handle), name: Type.String() })

export const Notice = Type.Object(
  {
    id: Id,
    kind: NoticeKind,
    actor: nullable(Actor),
    text: Type.String({ description: 'One sentence in the reader’s language' }),
    /** Where it leads: a path of the site. */
    path: Type.String(),
    postId: nullable(Id),
    commentId: nullable(Id),
    createdAt: Timestamp,
    readAt: nullable(Timestamp),
  },
  { $id: 'Notice' },
)
export type Notice = Static<typeof Notice>

export const Preferences = Type.Object(
  {
    follow: Type.Object({ notice: Type.Boolean(), mail: Type.Boolean() }),
    comment: Type.Object({ notice: Type.Boolean(), mail: Type.Boolean() }),
    reply: Type.Object({ notice: Type.Boolean(), mail: Type.Boolean() }),
  },
  {
    $id: 'NotificationPreferences',
    description: 'What arrives by which channel. Mails about the account itself always do',
  },
)
export type Preferences = Static<typeof Preferences>
