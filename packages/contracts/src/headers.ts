/** Header names between the gateway and the services. Whatever a client sends under these names is removed at the edge. */
export const internalHeaders = {
  /** `Bearer <internal token>`; the client's own Authorization never passes the gateway. */
  authorization: 'authorization',
  /** Milliseconds the caller still waits; it shrinks on each hop. */
  deadline: 'portico-deadline-ms',
  /** `1` on what the gateway sends once more without knowing what became of it the first time. */
  repeat: 'portico-repeat',
  /** The id the gateway gave the request; clients get it as `X-Request-Id`. */
  requestId: 'portico-request-id',
  /** The client's address as the gateway found it, walking only through trusted hops. */
  clientAddress: 'portico-client-address',
  /** In answers: comma-separated tags under which the gateway keeps it; removed at the edge. */
  cacheTag: 'cache-tag',
} as const
