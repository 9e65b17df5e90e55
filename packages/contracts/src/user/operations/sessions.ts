import { Type } from 'typebox'
import { defineOperation } from '../../operation.ts'
import { NotSignedIn, Overloaded, TooManyRequests } from '../../problems.ts'
import { EmailAddress, Id, NoContent, pageOf, pageQuery, writeHeaders } from '../../schemas.ts'
import { AccountSuspended, CredentialsInvalid, RefreshInvalid, SessionNotFound, TicketInvalid } from '../problems.ts'
import {
  closed,
  GivenPassword,
  OpaqueToken,
  Session,
  SessionExchanged,
  SessionMode,
  SessionStarted,
} from '../schemas.ts'

const tags = ['Sessions']

export const signIn = defineOperation({
  id: 'signIn',
  method: 'POST',
  url: '/v1/sessions',
  summary: 'Sign in',
  description:
    'Takes `email` and `password`, or the operator’s one-time `ticket`. Failures are counted by account; after ten, tries must wait longer and longer (429 with `Retry-After`).',
  tags,
  schema: {
    headers: writeHeaders,
    body: Type.Object(
      {
        email: Type.Optional(EmailAddress),
        password: Type.Optional(GivenPassword),
        ticket: Type.Optional(OpaqueToken),
        mode: Type.Optional(SessionMode),
      },
      closed,
    ),
    response: { 201: SessionStarted },
  },
  errors: [CredentialsInvalid, TicketInvalid, AccountSuspended, TooManyRequests, Overloaded],
  policy: { access: 'public', rateClass: 'auth', bodyLimitBytes: 16_384 },
})

export const refreshSession = defineOperation({
  id: 'refreshSession',
  method: 'POST',
  url: '/v1/sessions/refresh',
  summary: 'Exchange a refresh token for new tokens',
  description:
    'Each refresh token works once, and for ten seconds more for requests that crossed. Used later again, it ends the session.',
  tags,
  schema: {
    headers: writeHeaders,
    body: Type.Object({ refreshToken: OpaqueToken }, closed),
    response: {
      200: Type.Object({
        sessionId: Id,
        accessToken: Type.String(),
        refreshToken: Type.String(),
        expiresIn: Type.Integer({ description: 'Seconds for which the access token works' }),
      }),
    },
  },
  errors: [RefreshInvalid],
  policy: { access: 'public', rateClass: 'auth', bodyLimitBytes: 4_096 },
})

export const listSessions = defineOperation({
  id: 'listSessions',
  method: 'GET',
  url: '/v1/sessions',
  summary: 'List own devices',
  tags,
  schema: { querystring: Type.Object(pageQuery), response: { 200: pageOf(Session) } },
})

export const endSession = defineOperation({
  id: 'endSession',
  method: 'DELETE',
  url: '/v1/sessions/:id',
  summary: 'Sign one device out',
  description: '`current` stands for the session that asks; its cookie is cleared.',
  tags,
  schema: {
    params: Type.Object({ id: Type.Union([Id, Type.Literal('current')]) }),
    response: { 204: NoContent },
  },
  errors: [SessionNotFound],
  policy: { bodyLimitBytes: 0 },
})

export const endOtherSessions = defineOperation({
  id: 'endOtherSessions',
  method: 'DELETE',
  url: '/v1/sessions',
  summary: 'Sign all other devices out',
  tags,
  schema: { response: { 204: NoContent } },
  policy: { bodyLimitBytes: 0 },
})

export const exchangeSession = defineOperation({
  id: 'exchangeSession',
  method: 'POST',
  url: '/internal/sessions/exchange',
  summary: 'Who is this session?',
  description: 'Asked by the gateway. Takes an access token, a cookie’s value or the operator’s token.',
  tags,
  schema: {
    body: Type.Object({
      token: Type.String({ minLength: 1, maxLength: 4_096 }),
      address: Type.Optional(Type.String({ maxLength: 64 })),
      userAgent: Type.Optional(Type.String({ maxLength: 512 })),
    }),
    response: { 200: SessionExchanged },
  },
  errors: [NotSignedIn],
  policy: { access: 'internal', rateClass: 'none', deadlineMs: 2_000, bodyLimitBytes: 8_192, repeatable: 'always' },
})
