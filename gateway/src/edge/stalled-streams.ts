import { constants, type Http2SecureServer, type Http2Stream } from 'node:http2'

/** Slower than this nobody reads an answer. */
const leastBytesPerMs = 4

/**
 * A client that gives its streams no window takes nothing of what is ready for it, and on one connection has 128 of them: they
 * are reset once nothing went out for `forMs`. One that has nothing to be sent yet is only quiet. A stream's own timeout will
 * not do: whatever moves on the connection, a ping will, counts as progress for all its streams.
 */
export function endStalledStreams(server: Http2SecureServer, forMs: number): void {
  const waiting = new Map<Http2Stream, Waiting>()
  let timer: NodeJS.Timeout | null = null

  function look(): void {
    const nowMs = performance.now()
    for (const [stream, since] of waiting) {
      const bytes = stream.writableLength
      // One large piece is one write: how much of it went out is not to be seen, only that it is not yet over.
      const patienceMs = Math.max(forMs, bytes / leastBytesPerMs)
      if (bytes !== since.bytes) waiting.set(stream, { bytes, sinceMs: nowMs })
      else if (bytes > 0 && nowMs - since.sinceMs >= patienceMs) stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM)
    }
  }
  function leave(this: Http2Stream): void {
    waiting.delete(this)
    if (waiting.size > 0 || timer === null) return
    clearInterval(timer)
    timer = null
  }
  function moved(this: Http2Stream): void {
    waiting.set(this, { bytes: -1, sinceMs: 0 })
  }

  server.on('stream', stream => {
    waiting.set(stream, { bytes: 0, sinceMs: 0 })
    stream.on('drain', moved)
    stream.once('close', leave)
    timer ??= setInterval(look, forMs / 4).unref()
  })
}

interface Waiting {
  /** Still to be taken when last looked at. */
  readonly bytes: number
  /** Since when it is these. */
  readonly sinceMs: number
}
