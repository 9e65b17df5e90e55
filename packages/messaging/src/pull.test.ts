import { headers, type Msg } from '@nats-io/transport-node'
import t from 'tap'
import { readStatus } from './pull.ts'

/** A status message as the server sends it. */
function statusOf(code: number, description: string, pending?: number): Pick<Msg, 'headers'> {
  const made = headers(code, description)
  if (pending !== undefined) made.set('Nats-Pending-Messages', String(pending))
  return { headers: made }
}

t.test('what is left of a request that ended is asked for again', async t => {
  t.same(readStatus(statusOf(100, 'Idle Heartbeat')), { unused: 0 })
  t.same(readStatus(statusOf(408, 'Request Timeout', 12)), { unused: 12 })
  t.same(readStatus(statusOf(404, 'No Messages', 3)), { unused: 3 })
  t.same(readStatus(statusOf(409, 'Message Size Exceeds MaxBytes', 1)), { unused: 1 })
})

t.test('what the server has forgotten is begun anew', async t => {
  for (const [code, description] of [
    [409, 'Consumer Deleted'],
    [409, 'Leadership Change'],
    [409, 'Server Shutdown'],
    [409, 'Exceeded MaxWaiting'],
    [503, 'No Responders'],
    [400, 'Bad Request'],
  ] as const) {
    t.match(readStatus(statusOf(code, description)), { lost: `${code}` })
  }
})
