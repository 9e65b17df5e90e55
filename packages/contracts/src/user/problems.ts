import { defineProblem } from '../problem.ts'

export const HandleTaken = defineProblem(
  'handle_taken',
  409,
  'This handle is taken',
  'Handles are public and unique, and some are reserved: choose another one.',
)
export const PasswordRejected = defineProblem(
  'password_rejected',
  422,
  'This password is too easy to guess',
  'It is on the list of common passwords, or made of the address, the handle or the name: choose another one. There are no rules about which characters it holds.',
)
export const CredentialsInvalid = defineProblem(
  'credentials_invalid',
  401,
  'Address or password is wrong',
  'No live account has this address and password. The answer is the same whether the address is known or not.',
)
export const AccountSuspended = defineProblem(
  'account_suspended',
  403,
  'This account is suspended',
  'The password was right, but the account was suspended by an administrator.',
)
export const VerificationInvalid = defineProblem(
  'verification_invalid',
  422,
  'The link or code does not verify this address',
  'It is wrong, expired, already used, or was tried too often: sign up again to get a new one.',
)
export const RefreshInvalid = defineProblem(
  'refresh_invalid',
  401,
  'This refresh token does not work',
  'It is unknown or expired, or it was used before: then its session has ended, because somebody else may hold a copy. Sign in again.',
)
export const TicketInvalid = defineProblem(
  'ticket_invalid',
  401,
  'This ticket does not work',
  'A ticket signs in once. It is unknown, used, or replaced by a newer one.',
)
export const ResetInvalid = defineProblem(
  'reset_invalid',
  422,
  'This reset does not work',
  'The token is wrong, used, or older than 30 minutes: ask for a new mail.',
)
export const PasswordWrong = defineProblem(
  'password_wrong',
  403,
  'The current password is wrong',
  'A new password is only taken together with the current one.',
)
export const SessionNotFound = defineProblem(
  'session_not_found',
  404,
  'There is no such session',
  'It never was, it has ended, or it belongs to somebody else.',
)
export const UserNotFound = defineProblem(
  'user_not_found',
  404,
  'There is no such account',
  'No live account has this handle or id.',
)
export const CannotFollowYourself = defineProblem(
  'cannot_follow_yourself',
  422,
  'You cannot follow yourself',
  'The handle is your own.',
)
export const AccountProtected = defineProblem(
  'account_protected',
  403,
  'This account cannot be changed this way',
  'The operator’s account is kept by the system, and nobody changes the role or standing of their own.',
)
