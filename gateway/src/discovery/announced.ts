import { type Announcement, announcementTiming } from '@portico/contracts'
import type { Bus } from '@portico/messaging'
import type { Directory } from './directory.ts'
import type { Sighting } from './sighting.ts'

/** Replicas that announce themselves over NATS. */
export interface AnnouncedSource {
  close(): void
}

/**
 * Silence takes a replica away only while others are heard, and have been for a whole period of silence. When nobody is
 * heard it is NATS that is silent: gone, frozen, or cut off without a word, which a connection notices 15 s later. Then
 * the gateway goes on with what it knows, and active health checks decide.
 */
export function watchAnnouncements({
  bus,
  directory,
  clock,
  timing = announcementTiming,
}: {
  bus: Pick<Bus, 'onAnnouncement'>
  directory: Directory
  clock: () => number
  timing?: { everyMs: number; silenceMs: number }
}): AnnouncedSource {
  let heardAtMs = Number.NEGATIVE_INFINITY
  let hearingSinceMs = heardAtMs

  const stopListening = bus.onAnnouncement(announcement => {
    const nowMs = clock()
    if (nowMs - heardAtMs > timing.silenceMs / 2) hearingSinceMs = nowMs
    heardAtMs = nowMs
    directory.saw(toSighting(announcement))
  })
  const timer = setInterval(() => {
    if (heardAtMs - hearingSinceMs >= timing.silenceMs) removeSilent(directory, heardAtMs - timing.silenceMs)
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
