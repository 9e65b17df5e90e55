import { defineBroadcast } from '@portico/contracts'
import type { Bus } from '@portico/messaging'
import { type Static, Type } from 'typebox'
import { strategies } from '../balancing/balancer.ts'
import type { Upstreams } from '../balancing/upstreams.ts'

const Order = Type.Object({
  service: Type.String(),
  replica: Type.Optional(Type.String()),
  weight: Type.Optional(Type.Union([Type.Number(), Type.Null()])),
  draining: Type.Optional(Type.Union([Type.Boolean(), Type.Null()])),
  strategy: Type.Optional(Type.Enum([...strategies])),
  split: Type.Optional(Type.Union([Type.Record(Type.String(), Type.Number()), Type.Null()])),
})
export type Order = Static<typeof Order>

const Ordered = defineBroadcast('broadcast.gateway.ordered', Type.Object({ from: Type.String(), order: Order }), {
  description: 'An operator changed how a service is balanced: every gateway does the same',
})

/** What operators order is done here, and told to the other gateways and workers. */
export interface Orders {
  give(order: Order): void
  close(): void
}

export function createOrders({
  bus,
  upstreams,
  instance,
}: {
  bus: Pick<Bus, 'broadcast' | 'listen'>
  upstreams: Upstreams
  /** Of this process: it does not follow itself. */
  instance: string
}): Orders {
  function follow({ service, replica, weight, draining, strategy, split }: Order): void {
    const upstream = upstreams.of(service)
    if (strategy !== undefined) upstream.setStrategy(strategy)
    if (split !== undefined) upstream.orderSplit(split)
    if (replica === undefined) return
    if (weight !== undefined) upstream.orderWeight(replica, weight)
    if (draining !== undefined) upstream.orderDrain(replica, draining)
  }
  const stop = bus.listen(Ordered, ({ from, order }) => {
    if (from !== instance) follow(order)
  })
  return {
    give(order) {
      follow(order)
      bus.broadcast(Ordered, { from: instance, order })
    },
    close: stop,
  }
}
