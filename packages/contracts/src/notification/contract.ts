import type { ServiceContract } from '../service.ts'
import { MailSent, NoticeCreated } from './events.ts'
import {
  changePreferences,
  countUnread,
  deleteNotice,
  getPreferences,
  listNotices,
  markAllRead,
  markRead,
} from './notices.ts'

export const notificationContract: ServiceContract = {
  name: 'notification',
  version: '1.0.0',
  description: 'Mails that go out and notices that people read',
  operations: [listNotices, countUnread, markAllRead, markRead, deleteNotice, getPreferences, changePreferences],
  emits: [MailSent, NoticeCreated],
  broadcasts: [],
  listensTo: [
    'user.account',
    'user.verification',
    'user.password_reset',
    'user.password',
    'user.follow',
    'content.comment',
  ],
}
