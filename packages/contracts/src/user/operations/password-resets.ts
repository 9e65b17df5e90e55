import { Type } from 'typebox'
import { defineOperation } from '../../operation.ts'
import { Overloaded } from '../../problems.ts'
import { EmailAddress, NoContent, writeHeaders } from '../../schemas.ts'
import { PasswordRejected, ResetInvalid } from '../problems.ts'
import { closed, NewPassword, OpaqueToken } from '../schemas.ts'

const tags = ['Accounts']

export const requestPasswordReset = defineOperation({
  id: 'requestPasswordReset',
  method: 'POST',
  url: '/v1/password-resets',
  summary: 'Ask for a mail that lets one set a new password',
  description: 'The answer is the same whether the address has an account or not.',
  tags,
  schema: {
    headers: writeHeaders,
    body: Type.Object({ email: EmailAddress }, closed),
    response: { 202: Type.Object({ status: Type.Literal('reset_requested') }) },
  },
  policy: { access: 'public', rateClass: 'auth', bodyLimitBytes: 4_096 },
})

export const confirmPasswordReset = defineOperation({
  id: 'confirmPasswordReset',
  method: 'POST',
  url: '/v1/password-resets/confirm',
  summary: 'Set a new password with the mailed token',
  description: 'Works once, within 30 minutes. Every session ends: sign in with the new password.',
  tags,
  schema: {
    headers: writeHeaders,
    body: Type.Object({ token: OpaqueToken, newPassword: NewPassword }, closed),
    response: { 204: NoContent },
  },
  errors: [ResetInvalid, PasswordRejected, Overloaded],
  policy: { access: 'public', rateClass: 'auth', bodyLimitBytes: 16_384 },
})
