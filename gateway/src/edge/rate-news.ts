import { defineBroadcast } from '@portico/contracts'
import type { Bus } from '@portico/messaging'
import { Type } from 'typebox'
import type { RateLimiter } from './rate-limit.ts'

const Counted = defineBroadcast(
  'broadcast.gateway.requests_counted',
  Type.Object({
    from: Type.String(),
    counted: Type.Array(
      Type.Tuple([
        Type.Enum(['read', 'write', 'auth', 'upload']),
        Type.String({ maxLength: 128 }),
        Type.Number(),
        Type.Integer({ minimum: 1 }),
      ]),
      { maxItems: 1_000 },
    ),
  }),
  { description: 'What one gateway counted since it last said so: the others count it too' },
)

const perMessage = 1_000
const mostMessages = 20

/**
 * Gateways and workers tell each other what they counted, every `everyMs`, instead of asking a common store for each
 * request: a request then waits for nobody. The price: within `everyMs` each of N can let through what the others have
 * not heard of yet; and with NATS away, each counts alone.
 */
export function shareCounts({
  bus,
  limiter,
  instance,
  everyMs = 200,
}: {
  bus: Pick<Bus, 'broadcast' | 'listen' | 'isConnected'>
  limiter: RateLimiter
  /** Of this process: it does not count its own words twice. */
  instance: string
  everyMs?: number
}): { close(): void } {
  const stop = bus.listen(Counted, ({ from, counted }) => {
    if (from !== instance) limiter.addCounted(counted)
  })
  const timer = setInterval(() => {
    const counted = limiter.takeCounted()
    if (!bus.isConnected()) return
    // Whoever asks most counts most: with more keys than fit, the ones with a single request are left out.
    if (counted.length > perMessage * mostMessages) counted.sort(([, , , a], [, , , b]) => b - a)
    for (let message = 0; message < mostMessages && message * perMessage < counted.length; message += 1) {
      const part = counted.slice(message * perMessage, (message + 1) * perMessage)
      bus.broadcast(Counted, { from: instance, counted: part })
    }
  }, everyMs)
  timer.unref()
  return {
    close() {
      clearInterval(timer)
      stop()
    },
  }
}
