import type { Http2Server, ServerHttp2Session } from 'node:http2'

/**
 * Tells clients that the connection they use will be closed, while it is still open: whoever has heard it sends its next
 * request over another one. Who has not may be writing into the connection just when it closes, and can only guess
 * whether the request was read.
 */
export interface Farewell {
  /** Each answer over HTTP/1.1 says `Connection: close` and is the last of its connection (RFC 9112, section 9.6). */
  readonly said: boolean
  say(): void
  /** HTTP/2 has no such field. Its sessions are told by GOAWAY. */
  watch(server: Pick<Http2Server, 'on'>): void
}

/** The highest there is: every stream that the client has begun, or begins before it has heard, is still answered. */
const lastStream = 2 ** 31 - 1

export function createFarewell(): Farewell {
  const sessions = new Set<ServerHttp2Session>()
  let said = false

  // RFC 9113, section 6.8: first this notice, and the number of the last stream only when it has arrived. Node sends that
  // one when the server closes.
  function notify(session: ServerHttp2Session): void {
    if (!session.closed && !session.destroyed) session.goaway(0, lastStream)
  }

  return {
    get said() {
      return said
    },
    say() {
      said = true
      for (const session of sessions) notify(session)
    },
    watch(server) {
      server.on('session', session => {
        sessions.add(session)
        session.once('close', () => sessions.delete(session))
        // Told before it has asked anything, a client would refuse itself the requests that wait for the connection.
        session.once('stream', () => {
          if (said) notify(session)
        })
      })
    },
  }
}
