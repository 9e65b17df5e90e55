import { defineProblem } from '@portico/contracts'

// The failures that only the edge has; those of every route are in the contracts.

export const VersionNotSupported = defineProblem(
  'http_version_not_supported',
  505,
  'This version of HTTP is not spoken here',
  'Use HTTP/1.1 or HTTP/2.',
)
export const CodingNotSupported = defineProblem(
  'transfer_coding_not_supported',
  501,
  'This transfer coding is not understood',
  'Only `chunked` is.',
)
export const TooManyConnections = defineProblem(
  'too_many_connections',
  429,
  'Too many connections from one address',
  'Use fewer connections at once, and keep them open between requests.',
)
export const UpgradeRefused = defineProblem(
  'upgrade_refused',
  400,
  'This cannot be upgraded',
  'The route is no WebSocket, or the handshake is not complete.',
)
export const SessionsUnavailable = defineProblem(
  'sessions_unavailable',
  503,
  'Sessions cannot be checked now',
  'Nobody is treated as signed out because of it: repeat after `Retry-After`.',
)
export const NotKept = defineProblem(
  'not_in_cache',
  504,
  'There is no kept answer',
  'The request asked for one with `only-if-cached` and would take no other.',
)
