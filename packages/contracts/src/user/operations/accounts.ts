import { Type } from 'typebox'
import { defineOperation } from '../../operation.ts'
import { Overloaded } from '../../problems.ts'
import { EmailAddress, Handle, writeHeaders } from '../../schemas.ts'
import { HandleTaken, PasswordRejected, VerificationInvalid } from '../problems.ts'
import { closed, DisplayName, Locale, NewPassword, OpaqueToken, SessionMode, SessionStarted } from '../schemas.ts'

const tags = ['Accounts']

export const signUp = defineOperation({
  id: 'signUp',
  method: 'POST',
  url: '/v1/users',
  summary: 'Sign up',
  description:
    'Mails a link and a code to the address. An address that already has an account gets the same answer and another mail. The handle is yours once the address is verified.',
  tags,
  schema: {
    headers: writeHeaders,
    body: Type.Object(
      {
        email: EmailAddress,
        password: NewPassword,
        handle: Handle,
        name: DisplayName,
        locale: Type.Optional(Locale),
      },
      closed,
    ),
    response: { 202: Type.Object({ status: Type.Literal('verification_sent') }) },
  },
  errors: [HandleTaken, PasswordRejected, Overloaded],
  policy: { access: 'public', rateClass: 'auth', bodyLimitBytes: 16_384 },
})

export const verifyAccount = defineOperation({
  id: 'verifyAccount',
  method: 'POST',
  url: '/v1/users/verify',
  summary: 'Verify the address: the account is live',
  description:
    'Takes the `token` of the mailed link, or `email` and the mailed `code` (five tries). Answers a session, as signing in does. `handle` takes another one when the wanted one was taken meanwhile.',
  tags,
  schema: {
    headers: writeHeaders,
    body: Type.Object(
      {
        token: Type.Optional(OpaqueToken),
        email: Type.Optional(EmailAddress),
        code: Type.Optional(Type.String({ pattern: '^[0-9]{6}$' })),
        handle: Type.Optional(Handle),
        mode: Type.Optional(SessionMode),
      },
      closed,
    ),
    response: { 200: SessionStarted },
  },
  errors: [VerificationInvalid, HandleTaken],
  policy: { access: 'public', rateClass: 'auth', bodyLimitBytes: 4_096 },
})
