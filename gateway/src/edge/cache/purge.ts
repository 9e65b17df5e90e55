import { CachePurge, cachePurgeSubject } from '@portico/contracts'
import type { Bus } from '@portico/messaging'
import type { ResponseCache } from './response-cache.ts'

/** Hears services say what has changed. What they said while NATS was away nobody heard: then all that has tags goes. */
export function hearPurges(bus: Pick<Bus, 'listen' | 'onStatus'>, cache: ResponseCache): { close(): void } {
  const definition = {
    subject: cachePurgeSubject('*'),
    service: '*',
    schema: CachePurge,
    description: 'Kept answers with these tags are no longer true',
  }
  const stops = [
    bus.listen(definition, ({ tags }) => void cache.purge(tags)),
    bus.onStatus(connected => connected && cache.distrust()),
  ]
  return {
    close() {
      for (const stop of stops) stop()
    },
  }
}
