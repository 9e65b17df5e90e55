import type { Delivery } from './delivery.ts'

/** What to do with a delivery that was looked at. */
export type Verdict =
  /** It was answered. */
  | { kind: 'done' }
  /** Its predecessor is on the way: look again soon, and keep it. */
  | { kind: 'hold'; ms: number }
  /** Not now: the server shall bring it, and all of its key, again. */
  | { kind: 'release'; ms: number }

export interface Lanes {
  add(delivery: Delivery): void
  /** Deliveries in hand. */
  size(): number
  /** Gives back what has not begun and waits for what has. */
  stop(): Promise<void>
}

interface Lane {
  readonly key: string
  /** Ascending by number. */
  readonly waiting: Delivery[]
  timer: NodeJS.Timeout | undefined
  state: 'ready' | 'busy' | 'holding'
}

/**
 * Deliveries in hand, a lane a key: keys run side by side, a key's own one after the other, lowest number first.
 *
 * @param concurrency how many are looked at at once
 * @param everyMs how often the server is told that we are still at it
 */
export function createLanes(options: {
  concurrency: number
  workingEveryMs: number
  look: (delivery: Delivery) => Promise<Verdict>
  /** Something was answered: there is room. */
  onRoom: () => void
}): Lanes {
  const { concurrency, workingEveryMs, look, onRoom } = options
  const lanes = new Map<string, Lane>()
  const ready: Lane[] = []
  const busy = new Map<Delivery, Promise<void>>()
  let inHand = 0
  let stopped = false

  const keepAlive = setInterval(() => {
    for (const delivery of busy.keys()) delivery.working()
    for (const lane of lanes.values()) for (const delivery of lane.waiting) delivery.working()
  }, workingEveryMs)

  function makeReady(lane: Lane) {
    clearTimeout(lane.timer)
    lane.timer = undefined
    lane.state = 'ready'
    ready.push(lane)
    pump()
  }

  function pump() {
    while (busy.size < concurrency) {
      const lane = ready.shift()
      if (!lane) return
      const head = lane.waiting.shift()
      if (!head) continue
      lane.state = 'busy'
      busy.set(head, run(lane, head))
    }
  }

  async function run(lane: Lane, head: Delivery) {
    const verdict = await look(head)
    busy.delete(head)
    if (verdict.kind === 'hold' && !stopped) {
      insert(lane.waiting, head)
      lane.state = 'holding'
      lane.timer = setTimeout(() => makeReady(lane), verdict.ms)
    } else {
      inHand -= 1
      if (verdict.kind !== 'done') releaseAll(lane, [head], verdict.ms)
      if (lane.waiting.length > 0) makeReady(lane)
      else lanes.delete(lane.key)
      onRoom()
    }
    pump()
  }

  function releaseAll(lane: Lane, also: Delivery[], ms: number) {
    const rest = lane.waiting.splice(0)
    inHand -= rest.length
    // A little apart, so that they come back in their order more often than not.
    for (const [index, delivery] of [...also, ...rest].entries()) delivery.release(ms + Math.min(index * 5, 500))
  }

  return {
    size: () => inHand,
    add(delivery) {
      if (stopped) return delivery.release(1)
      inHand += 1
      const name = `${delivery.event.entity} ${delivery.event.key}`
      const lane = lanes.get(name) ?? { key: name, waiting: [], timer: undefined, state: 'ready' }
      insert(lane.waiting, delivery)
      if (!lanes.has(name)) {
        lanes.set(name, lane)
        makeReady(lane)
      } else if (lane.state === 'holding' && lane.waiting[0] === delivery) {
        // Perhaps the one that is waited for.
        makeReady(lane)
      }
    },
    async stop() {
      stopped = true
      for (const lane of lanes.values()) {
        clearTimeout(lane.timer)
        releaseAll(lane, [], 1)
      }
      await Promise.all(busy.values())
      clearInterval(keepAlive)
    },
  }
}

function insert(waiting: Delivery[], delivery: Delivery) {
  const at = waiting.findIndex(other => other.event.number > delivery.event.number)
  waiting.splice(at < 0 ? waiting.length : at, 0, delivery)
}
