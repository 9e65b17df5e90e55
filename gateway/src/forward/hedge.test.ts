import { test } from 'tap'
import { request } from 'undici'
import { eventually, startFront, startReplica } from '../../test/forward-harness.ts'

test('a read that is slow is asked of a second replica, and the first is let off', async t => {
  let stalls = false
  let cancelled = 0
  const one = await startReplica(t, (_, response) => {
    response.on('close', () => {
      if (!response.writableFinished) cancelled += 1
    })
    if (!stalls) response.end('one')
  })
  const other = await startReplica(t, (_, response) => response.end('other'))
  const front = await startFront(t, { upstream: { strategy: 'round-robin' }, policy: { deadlineMs: 2_000 } })
  front.add(one.port, 'one')
  front.add(other.port, 'other')
  const url = `http://127.0.0.1:${front.port}/`
  const get = async (method: 'GET' | 'POST' = 'GET') => {
    const answer = await request(url, { method })
    return { status: answer.statusCode, text: await answer.body.text() }
  }
  for (let round = 0; round < 60; round += 1) await get()

  stalls = true
  for (let round = 0; round < 4; round += 1) t.same(await get(), { status: 200, text: 'other' })
  t.ok(await eventually(() => cancelled >= 2))
  const [lane] = front.forwarder.snapshot()
  t.ok((lane?.hedgesWon ?? 0) >= 2)
  t.equal(
    front.upstream.replicas.reduce((sum, replica) => sum + replica.inFlight, 0),
    0,
  )
  t.equal(lane?.inFlight, 0)

  const writes = [await get('POST'), await get('POST')]
  t.ok(
    writes.some(({ status }) => status === 504),
    'a write is never hedged',
  )
})

test('explanations tell who was considered, and what became of it', async t => {
  const replica = await startReplica(t, (incoming, response) =>
    response.writeHead(incoming.url === '/bad' ? 503 : 200).end(),
  )
  const front = await startFront(t, {
    target: {
      explain: true,
      onHead: head => {
        head.headers.push('portico-explain', JSON.stringify(head.explanation))
        return undefined
      },
    },
  })
  front.add(replica.port, 'a')
  front.add(replica.port, 'b')
  const explained = async (path: string) => {
    const answer = await request(`http://127.0.0.1:${front.port}${path}`)
    await answer.body.dump()
    return JSON.parse(String(answer.headers['portico-explain']))
  }
  t.match(await explained('/'), {
    service: 'test',
    strategy: 'peak-ewma',
    steps: [{ did: 'sent', outcome: '200', scores: [{ id: 'a' }, { id: 'b' }] }],
  })
  t.match(await explained('/bad'), {
    steps: [
      { did: 'sent', outcome: '503' },
      { did: 'sent', outcome: '503' },
    ],
  })
})
