import { type Announcement, announcementTiming } from '@portico/contracts'
import type { Bus } from '@portico/messaging'
import type { Directory } from './directory.ts'
import type { Sighting } from './sighting.ts'

/** Replicas that announce themselves over NATS. */
export interface AnnouncedSource {
  close(): void
}

/**
 * Silence takes a replica away only while NATS is there, and has been for a whole period of silence: with NATS gone,
 * the gateway goes on with what it knows, and active health checks decide.
 */
export function watchAnnouncements({
  bus,
  directory,
  clock,
  timing = announcementTiming,
}: {
  bus: Pick<Bus, 'onAnnouncement' | 'isConnected'>
  directory: Directory
  clock: () => number
  timing?: { everyMs: number; silenceMs: number }
}): AnnouncedSource {
  const stopListening = bus.onAnnouncement(announcement => directory.saw(toSighting(announcement)))
  let connectedSinceMs = Number.POSITIVE_INFINITY

  const timer = setInterval(() => {
    const nowMs = clock()
    if (!bus.isConnected()) connectedSinceMs = Number.POSITIVE_INFINITY
    else if (connectedSinceMs > nowMs) connectedSinceMs = nowMs
    if (nowMs - connectedSinceMs >= timing.silenceMs) removeSilent(directory, nowMs - timing.silenceMs)
  }, timing.everyMs)
  timer.unref()

  return {
    close() {
      clearInterval(timer)
      stopListening()
    },
  }
}

function removeSilent(directory: Directory, before: number): void {
  for (const { name, replicas } of directory.services()) {
    for (const [instance, { sighting, seenAtMs }] of replicas) {
      if (sighting.source === 'announced' && seenAtMs < before) directory.gone(name, instance)
    }
  }
}

const toSighting = ({ startedAt, ...announcement }: Announcement): Sighting => ({
  ...announcement,
  startedAtMs: Date.parse(startedAt),
  source: 'announced',
})
