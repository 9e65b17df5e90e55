import type { Delivery } from './delivery.ts'

/** What became of a delivery. */
export type Verdict =
  /** It was answered. */
  | { kind: 'done' }
  /** Not now: the server shall bring it, and what is in hand of its key, again. */
  | { kind: 'release'; ms: number }

export interface Lanes {
  add(delivery: Delivery): void
  /** Deliveries in hand. */
  size(): number
  /** Gives back what has not begun and waits for what has. */
  stop(): Promise<void>
}

interface Lane {
  readonly name: string
  /** Ascending by number. */
  readonly waiting: Delivery[]
}

/**
 * When we stop, for how long nobody shall get what we give back. Our requests for more are dead, but the server notices
 * only at its next heartbeat (`heartbeatMs` of a pull); nats-server 2.9 forgets, until the acknowledgement's time is over,
 * a repeat that it wants to send when a dead request is the first in its queue.
 */
const givenBackMs = 1_500

/**
 * Deliveries in hand, a lane a key: keys run side by side, a key's own one after the other, lowest number first.
 *
 * @param concurrency how many are looked at at once
 * @param workingEveryMs how often the server is told that we are still at it
 */
export function createLanes(options: {
  concurrency: number
  workingEveryMs: number
  /** Never rejects. */
  look: (delivery: Delivery) => Promise<Verdict>
  /** Something left our hands. */
  onRoom: () => void
}): Lanes {
  const { concurrency, workingEveryMs, look, onRoom } = options
  const lanes = new Map<string, Lane>()
  const ready: Lane[] = []
  const busy = new Map<Delivery, Promise<void>>()
  let inHand = 0
  let stopped = false

  let keepAlive: NodeJS.Timeout | undefined

  function tellServer() {
    for (const delivery of busy.keys()) delivery.working()
    for (const { waiting } of lanes.values()) for (const delivery of waiting) delivery.working()
  }

  function pump() {
    while (busy.size < concurrency) {
      const lane = ready.shift()
      if (!lane) return
      const head = lane.waiting.shift()
      if (head) busy.set(head, run(lane, head))
    }
  }

  async function run(lane: Lane, head: Delivery) {
    const verdict = await look(head)
    busy.delete(head)
    inHand -= 1
    if (verdict.kind === 'release') release([head, ...takeAll(lane)], verdict.ms)
    if (lane.waiting.length > 0) ready.push(lane)
    else lanes.delete(lane.name)
    onRoom()
    pump()
  }

  function takeAll(lane: Lane): Delivery[] {
    inHand -= lane.waiting.length
    return lane.waiting.splice(0)
  }

  return {
    size: () => inHand,
    add(delivery) {
      if (stopped) return delivery.release(givenBackMs)
      keepAlive ??= setInterval(tellServer, workingEveryMs)
      inHand += 1
      const name = `${delivery.event.entity} ${delivery.event.key}`
      const known = lanes.get(name)
      if (known) return insert(known.waiting, delivery)
      const lane = { name, waiting: [delivery] }
      lanes.set(name, lane)
      ready.push(lane)
      pump()
    },
    async stop() {
      stopped = true
      for (const lane of lanes.values()) release(takeAll(lane), givenBackMs)
      await Promise.all(busy.values())
      clearInterval(keepAlive)
    },
  }
}

function insert(waiting: Delivery[], delivery: Delivery) {
  const at = waiting.findIndex(other => other.event.number > delivery.event.number)
  waiting.splice(at < 0 ? waiting.length : at, 0, delivery)
}

/** A little apart, so that they come back in their order. */
function release(deliveries: Delivery[], ms: number) {
  for (const [index, delivery] of deliveries.entries()) delivery.release(ms + Math.min(index * 5, 500))
}
