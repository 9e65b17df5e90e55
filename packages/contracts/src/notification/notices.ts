import { Type } from 'typebox'
import { defineOperation } from '../operation.ts'
import { InvalidCursor } from '../problems.ts'
import { Id, NoContent, pageOf, pageQuery, writeHeaders } from '../schemas.ts'
import { NoticeNotFound } from './problems.ts'
import { Notice, Preferences } from './schemas.ts'

const tags = ['Notices'] as const

export const listNotices = defineOperation({
  id: 'listNotices',
  method: 'GET',
  url: '/v1/notifications',
  summary: 'List what is new for you',
  description: 'Newest first.',
  tags,
  schema: {
    querystring: Type.Object({ ...pageQuery, unread: Type.Optional(Type.Boolean()) }),
    response: { 200: pageOf(Notice) },
  },
  errors: [InvalidCursor],
})

export const countUnread = defineOperation({
  id: 'countUnread',
  method: 'GET',
  url: '/v1/notifications/unread',
  summary: 'Count what you have not read',
  tags,
  schema: { response: { 200: Type.Object({ unread: Type.Integer({ minimum: 0 }) }) } },
})

export const markRead = defineOperation({
  id: 'markNoticeRead',
  method: 'POST',
  url: '/v1/notifications/:id/read',
  summary: 'Mark one as read',
  tags,
  schema: { params: Type.Object({ id: Id }), headers: writeHeaders, response: { 200: Notice } },
  errors: [NoticeNotFound],
})

export const markAllRead = defineOperation({
  id: 'markAllNoticesRead',
  method: 'POST',
  url: '/v1/notifications/read',
  summary: 'Mark all as read',
  tags,
  schema: {
    headers: writeHeaders,
    response: { 200: Type.Object({ marked: Type.Integer({ minimum: 0 }) }) },
  },
})

export const deleteNotice = defineOperation({
  id: 'deleteNotice',
  method: 'DELETE',
  url: '/v1/notifications/:id',
  summary: 'Take one away',
  tags,
  schema: { params: Type.Object({ id: Id }), response: { 204: NoContent } },
  errors: [NoticeNotFound],
})

export const getPreferences = defineOperation({
  id: 'getNotificationPreferences',
  method: 'GET',
  url: '/v1/me/notification-preferences',
  summary: 'Read what arrives by which channel',
  tags,
  schema: { response: { 200: Preferences } },
})

export const changePreferences = defineOperation({
  id: 'changeNotificationPreferences',
  method: 'PATCH',
  url: '/v1/me/notification-preferences',
  summary: 'Choose what arrives by which channel',
  tags,
  schema: { body: Type.Partial(Preferences), response: { 200: Preferences } },
})
