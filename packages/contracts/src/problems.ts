import { defineProblem } from './problem.ts'

// The failures that any route of any service can have. A service adds its own beside its operations.

export const InvalidInput = defineProblem(
  'invalid_input',
  400,
  'The request is not valid',
  'A field is missing, of the wrong type or out of bounds; `errors` names each with a pointer.',
)
export const MalformedBody = defineProblem(
  'malformed_body',
  400,
  'The body cannot be read',
  'The body is not the JSON (or multipart) that its Content-Type announces.',
)
export const InvalidCursor = defineProblem(
  'invalid_cursor',
  400,
  'The cursor is not valid',
  'Cursors are opaque: pass back `nextCursor` of the same list, unchanged, with the same filters.',
)
export const BadRequest = defineProblem(
  'bad_request',
  400,
  'The request cannot be understood',
  'The request breaks HTTP, or a rule that this server keeps for safety.',
)
export const NotSignedIn = defineProblem(
  'not_signed_in',
  401,
  'You are not signed in',
  'There is no session, or it ended: sign in again.',
)
export const Forbidden = defineProblem(
  'forbidden',
  403,
  'You may not do this',
  'You are signed in, but your role, scope or ownership does not allow it.',
)
export const OriginNotAllowed = defineProblem(
  'origin_not_allowed',
  403,
  'This origin may not do this',
  'A browser sent a cookie with an unsafe request from a site that is not in the list of allowed origins.',
)
export const NotFound = defineProblem(
  'not_found',
  404,
  'There is nothing here',
  'No such resource, or not for you to see.',
)
export const RouteNotFound = defineProblem(
  'route_not_found',
  404,
  'There is no such route',
  'No running service has a route for this path: see /openapi.json.',
)
export const MethodNotAllowed = defineProblem(
  'method_not_allowed',
  405,
  'This method is not allowed here',
  'The path exists; `Allow` lists its methods.',
)
export const NotAcceptable = defineProblem(
  'not_acceptable',
  406,
  'There is no such representation',
  'Nothing the server can make matches `Accept`.',
)
export const RequestTimeout = defineProblem(
  'request_timeout',
  408,
  'The request took too long to arrive',
  'Send the headers and the body faster.',
)
export const RequestInFlight = defineProblem(
  'request_in_flight',
  409,
  'The same request is still being worked on',
  'Another request with this Idempotency-Key has not ended yet: wait, then repeat it.',
)
export const StaleWrite = defineProblem(
  'stale_write',
  412,
  'Somebody changed this meanwhile',
  '`If-Match` names an older version: read it again, apply your change, and write with the new ETag.',
)
export const BodyTooLarge = defineProblem(
  'body_too_large',
  413,
  'The body is too large',
  'The limit of this route is in its documentation.',
)
export const TargetTooLong = defineProblem('target_too_long', 414, 'The address is too long', 'Shorten path and query.')
export const UnsupportedMediaType = defineProblem(
  'unsupported_media_type',
  415,
  'This kind of body is not taken here',
  'Send what the route documents, most often application/json.',
)
export const RangeNotSatisfiable = defineProblem(
  'range_not_satisfiable',
  416,
  'The range lies outside',
  '`Content-Range` tells the size.',
)
export const ExpectationFailed = defineProblem(
  'expectation_failed',
  417,
  'The expectation cannot be met',
  'Only `Expect: 100-continue` is understood.',
)
export const IdempotencyKeyReused = defineProblem(
  'idempotency_key_reused',
  422,
  'This Idempotency-Key belongs to another request',
  'The key was used with another body or route. Make a new key for each new request.',
)
export const PreconditionRequired = defineProblem(
  'precondition_required',
  428,
  'Say which version you change',
  'Send `If-Match` with the ETag you read, so that nobody’s change is lost.',
)
export const TooManyRequests = defineProblem(
  'too_many_requests',
  429,
  'Too many requests',
  'Wait as long as `Retry-After` says.',
)
export const HeadersTooLarge = defineProblem(
  'headers_too_large',
  431,
  'The header fields are too large',
  'Send fewer or shorter header fields.',
)
export const InternalError = defineProblem(
  'internal_error',
  500,
  'Something went wrong here',
  'A defect on our side. `traceId` finds it.',
)
export const BadGateway = defineProblem(
  'bad_gateway',
  502,
  'The service answered badly',
  'A replica broke off or sent what is not HTTP, and repeating was not safe.',
)
export const ServiceUnavailable = defineProblem(
  'service_unavailable',
  503,
  'The service is not there',
  'No replica can take this now: repeat after `Retry-After`.',
)
export const Overloaded = defineProblem(
  'overloaded',
  503,
  'Too much to do',
  'The request was refused at once to keep the others fast: repeat after `Retry-After`.',
)
export const DeadlineExceeded = defineProblem(
  'deadline_exceeded',
  504,
  'This took too long',
  'The deadline of the route passed. For an unsafe request, its effect is unknown: repeat it with its Idempotency-Key.',
)
export const StorageFull = defineProblem(
  'storage_full',
  507,
  'There is no room left',
  'The disk or the quota is full; nothing that was acknowledged is lost.',
)
