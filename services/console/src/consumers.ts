import type { Unsubscribe } from '@portico/messaging'
import type { Context } from './context.ts'

/** Every subscription of the service: it hears who is there, and takes part in nothing. */
export function createConsumers({ bus, replicas }: Context): { start(): void; stop(): Promise<void> } {
  let stop: Unsubscribe | undefined
  return {
    start() {
      stop = bus.onAnnouncement(replicas.heard)
    },
    async stop() {
      stop?.()
    },
  }
}
