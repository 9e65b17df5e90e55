import { Type } from 'typebox'
import { defineOperation } from '../../operation.ts'
import { InvalidCursor, StaleWrite } from '../../problems.ts'
import { conditionalWriteHeaders, Id, pageOf, pageQuery } from '../../schemas.ts'
import { AccountProtected, UserNotFound } from '../problems.ts'
import { AdminUser, AssignableRole, AuditEntry, closed, noNul } from '../schemas.ts'

const tags = ['Administration']
const access = ['admin', 'operator'] as const

export const adminFindUsers = defineOperation({
  id: 'adminFindUsers',
  method: 'GET',
  url: '/v1/admin/users',
  summary: 'Find accounts',
  tags,
  schema: {
    querystring: Type.Object({
      ...pageQuery,
      q: Type.Optional(
        Type.String({
          minLength: 1,
          maxLength: 100,
          pattern: noNul,
          description: 'The beginning of the handle, name or address',
        }),
      ),
      role: Type.Optional(Type.Enum(['reader', 'author', 'moderator', 'admin', 'operator'])),
      status: Type.Optional(Type.Enum(['active', 'suspended'])),
    }),
    response: { 200: pageOf(AdminUser) },
  },
  errors: [InvalidCursor],
  policy: { access },
})

export const adminChangeUser = defineOperation({
  id: 'adminChangeUser',
  method: 'PATCH',
  url: '/v1/admin/users/:id',
  summary: 'Change role or standing of an account',
  description: 'A suspended account is refused at every door within a second. `If-Match` is optional.',
  tags,
  schema: {
    params: Type.Object({ id: Id }),
    headers: conditionalWriteHeaders,
    body: Type.Object(
      {
        role: Type.Optional(AssignableRole),
        suspended: Type.Optional(Type.Boolean()),
        reason: Type.Optional(
          Type.String({ minLength: 1, maxLength: 500, pattern: noNul, description: 'Kept in the audit trail' }),
        ),
      },
      { ...closed, minProperties: 1 },
    ),
    response: { 200: AdminUser },
  },
  errors: [UserNotFound, AccountProtected, StaleWrite],
  policy: { access },
})

export const adminListAudit = defineOperation({
  id: 'adminListAudit',
  method: 'GET',
  url: '/v1/admin/audit',
  summary: 'Read the audit trail, latest first',
  description:
    'Each row’s `hash` is the SHA-256 of the hash before it and of the row in canonical JSON, so that a changed or missing row breaks the chain.',
  tags,
  schema: {
    querystring: Type.Object({
      ...pageQuery,
      subjectId: Type.Optional(Id),
      actorId: Type.Optional(Id),
    }),
    response: { 200: pageOf(AuditEntry) },
  },
  errors: [InvalidCursor],
  policy: { access },
})

export const adminVerifyAudit = defineOperation({
  id: 'adminVerifyAudit',
  method: 'GET',
  url: '/v1/admin/audit/verification',
  summary: 'Check the chain of the audit trail',
  tags,
  schema: {
    response: {
      200: Type.Object({
        intact: Type.Boolean(),
        rows: Type.Integer({ minimum: 0 }),
        /** The first row that does not fit the one before it. */
        brokenAt: Type.Union([Type.Integer({ minimum: 1 }), Type.Null()]),
        /** The hash of the last row: keep it elsewhere, and a cut-off end shows too. */
        head: Type.Union([Type.String(), Type.Null()]),
      }),
    },
  },
  policy: { access, deadlineMs: 30_000 },
})
