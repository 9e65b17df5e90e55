const noAnswer =
  'the origin closes without an answer: what comes is the gateway’s own 502, which the suite takes for a kept one'
const cookie = 'answers are kept without their cookies: a shared cookie is a shared session'
const authorization = 'credentials are exchanged at the edge: a service never sees the client’s Authorization'
const brokenRange = 'the suite’s Content-Range names six bytes and its body has five: such a part is not kept'

/** Every test of the suite's required and optimal ones that does not pass, and why. The list is complete and has nothing else. */
export const exceptions: Readonly<Record<string, string>> = {
  'age-parse-prefix':
    'of `Age: 0,7200` the RFC takes the first; an Age that is no single number makes an answer stale here',
  'stale-close-must-revalidate': noAnswer,
  'stale-close-proxy-revalidate': noAnswer,
  'stale-close-no-cache': noAnswer,
  'stale-close-s-maxage=2': noAnswer,
  'headers-store-Set-Cookie': cookie,
  '304-etag-update-response-Set-Cookie': cookie,
  'headers-store-Transfer-Encoding': 'an unknown transfer coding has no known end: the answer is 502 instead',
  'other-authorization': authorization,
  'other-authorization-public': authorization,
  'other-authorization-must-revalidate': authorization,
  'other-authorization-smaxage': authorization,
  'method-POST': 'answers to POST are not kept: here they are made for one caller and one Idempotency-Key',
  'vary-normalise-lang-select': 'which language fits is the service’s to know: a variant is chosen by what was asked',
  'conditional-lm-fresh-no-lm':
    'without Last-Modified the Date counts, and the suite’s is later than the If-Modified-Since it sends',
  'partial-store-partial-reuse-partial': brokenRange,
  'partial-store-partial-reuse-partial-byterange': brokenRange,
  'partial-store-partial-reuse-partial-absent': brokenRange,
  'partial-store-partial-reuse-partial-suffix': brokenRange,
  'partial-store-partial-complete': 'parts are not put together: the next request for the whole asks for the whole',
}
