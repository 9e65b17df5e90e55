import { Type } from 'typebox'
import { defineEvent } from '../event.ts'
import { Id, Timestamp } from '../schemas.ts'

export const MailSent = defineEvent(
  'notification.mail.sent.v1',
  Type.Object({ mailId: Id, userId: Id, template: Type.String(), sentAt: Timestamp }),
  { description: 'The mail server took a mail', key: ({ mailId }) => mailId },
)
export const NoticeCreated = defineEvent(
  'notification.notice.created.v1',
  Type.Object({ noticeId: Id, userId: Id, kind: Type.String(), createdAt: Timestamp }),
  { description: 'Somebody has something new to see', key: ({ noticeId }) => noticeId },
)
