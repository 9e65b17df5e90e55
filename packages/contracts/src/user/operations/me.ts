import { Type } from 'typebox'
import { defineOperation } from '../../operation.ts'
import { Overloaded, StaleWrite, TooManyRequests } from '../../problems.ts'
import { conditionalWriteHeaders, Handle, Id, NoContent, nullable, writeHeaders } from '../../schemas.ts'
import { AccountProtected, HandleTaken, PasswordRejected, PasswordWrong } from '../problems.ts'
import { Bio, closed, DisplayName, ErasureReceipt, GivenPassword, Locale, Me, NewPassword } from '../schemas.ts'

const tags = ['Me']

export const getMe = defineOperation({
  id: 'getMe',
  method: 'GET',
  url: '/v1/me',
  summary: 'Read the own account',
  tags,
  schema: { response: { 200: Me } },
})

export const changeMe = defineOperation({
  id: 'changeMe',
  method: 'PATCH',
  url: '/v1/me',
  summary: 'Change the own profile',
  description: 'Fields that are absent stay. `If-Match` is optional.',
  tags,
  schema: {
    headers: conditionalWriteHeaders,
    body: Type.Object(
      {
        name: Type.Optional(DisplayName),
        bio: Type.Optional(Bio),
        avatarFileId: Type.Optional(nullable(Id)),
        locale: Type.Optional(Locale),
        handle: Type.Optional(Handle),
      },
      { ...closed, minProperties: 1 },
    ),
    response: { 200: Me },
  },
  errors: [HandleTaken, StaleWrite, AccountProtected],
})

export const deleteMe = defineOperation({
  id: 'deleteMe',
  method: 'DELETE',
  url: '/v1/me',
  summary: 'Delete the own account',
  description: 'Every session ends at once, and each service forgets the person. The receipt names the erasure.',
  tags,
  schema: { response: { 202: ErasureReceipt } },
  errors: [AccountProtected],
  policy: { bodyLimitBytes: 0, repeatable: 'never' },
})

export const changePassword = defineOperation({
  id: 'changePassword',
  method: 'POST',
  url: '/v1/me/password',
  summary: 'Change the own password',
  description: 'All other sessions end.',
  tags,
  schema: {
    headers: writeHeaders,
    body: Type.Object({ currentPassword: GivenPassword, newPassword: NewPassword }, closed),
    response: { 204: NoContent },
  },
  errors: [PasswordWrong, PasswordRejected, TooManyRequests, Overloaded],
  policy: { rateClass: 'auth', bodyLimitBytes: 16_384 },
})
