import { eventually } from '@portico/testkit'
import { sql } from 'kysely'
import t from 'tap'
import { consume, handle } from '../src/index.ts'
import { effectsIn, move, openHouse, type Tables, ThingMoved } from './house.ts'

t.test('an event arrives', async t => {
  const { sender, receiver, relay } = await openHouse(t)
  const consumer = consume<Tables>({
    name: 'steps',
    service: 'watcher',
    from: 'mover.thing',
    ...receiver,
    on: [
      handle(ThingMoved, async ({ thing, step }, { trx }) => {
        await sql`insert into effects (thing, step) values (${thing}, ${step})`.execute(trx)
      }),
    ],
  })
  consumer.start()
  t.after(() => consumer.stop())
  for (let i = 1; i <= 20; i++) {
    await move(sender, 'a', i)
    relay.wake()
  }
  await eventually(async () => (await effectsIn(receiver)).length === 20, { withinMs: 8000 })
  t.same(
    (await effectsIn(receiver)).map(e => e.step),
    Array.from({ length: 20 }, (_, i) => i + 1),
  )
})
