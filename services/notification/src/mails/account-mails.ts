import { PasswordChanged, PasswordResetRequested, SignUpRepeated, VerificationRequested } from '@portico/contracts/user'
import { type Handler, handle } from '@portico/messaging'
import type { Context } from '../context.ts'
import type { Tables } from '../db/tables.ts'

type Needs = Pick<Context, 'storesOf' | 'clock'>

/** Mails about the account itself: they always go, whatever somebody prefers. */
export const verificationMails = ({ storesOf, clock }: Needs): Handler<Tables>[] => [
  handle(VerificationRequested, ({ userId, email, locale, name, code, token }, { trx }) =>
    storesOf(trx).queueMail(
      { template: 'verification', data: { name, code, token }, userId, address: email, locale },
      clock(),
    ),
  ),
  handle(SignUpRepeated, ({ userId, email, locale, name }, { trx }) =>
    storesOf(trx).queueMail({ template: 'sign_up_repeated', data: { name }, userId, address: email, locale }, clock()),
  ),
]

export const resetMails = ({ storesOf, clock }: Needs): Handler<Tables>[] => [
  handle(PasswordResetRequested, ({ userId, email, locale, name, token }, { trx }) =>
    storesOf(trx).queueMail(
      { template: 'password_reset', data: { name, token }, userId, address: email, locale },
      clock(),
    ),
  ),
]

export const passwordMails = ({ storesOf, clock }: Needs): Handler<Tables>[] => [
  handle(PasswordChanged, ({ userId, email, locale, name, changedAt }, { trx }) =>
    storesOf(trx).queueMail(
      { template: 'password_changed', data: { name, changedAt }, userId, address: email, locale },
      clock(),
    ),
  ),
]
