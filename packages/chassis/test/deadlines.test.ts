import { once } from 'node:events'
import { request as send } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { eventually, stopwatch } from '@portico/testkit'
import type { FastifyRequest } from 'fastify'
import t from 'tap'
import { as, createNotes, getNote, listNotes, noteId } from './fixture.ts'

const note = { id: noteId, body: 'hello', kind: 'plain' as const, parentId: null }
const seen: FastifyRequest[] = []
const app = await createNotes()
app.route({
  ...getNote,
  handler: async request => {
    seen.push(request)
    await untilAborted(request.signal)
    return note
  },
})
app.route({
  ...listNotes,
  handler: async request => {
    seen.push(request)
    // Deaf to its signal: it goes on after the answer has left without it.
    await pause(120)
    throw new Error('nobody hears this')
  },
})
app.get('/stream', (request, reply) => {
  seen.push(request)
  reply.raw.writeHead(200)
  reply.raw.write('first ')
  setTimeout(() => reply.raw.end('last'), 150)
  return reply.hijack()
})
app.get('/signal', async request => {
  await pause(60)
  return { aborted: request.signal.aborted, leftMs: request.deadline?.leftMs }
})
await app.listen({ host: '127.0.0.1', port: 0 })
t.teardown(() => app.close())
const { port } = addressOf(app.server.address())
const base = `http://127.0.0.1:${port}`

t.test('at the deadline the caller gets 504, the handler its abort', async t => {
  const startedAt = performance.now()
  using tookMs = stopwatch()
  const answer = await fetch(`${base}/v1/notes/${noteId}`, { headers: { 'portico-deadline-ms': '80' } })
  t.ok(performance.now() - startedAt >= 75, 'not before')
  t.ok(tookMs() < 1_000, 'and not much later')
  t.equal(answer.status, 504)
  t.match(await answer.json(), { code: 'deadline_exceeded', instance: `/v1/notes/${noteId}` })
  t.match(seen.at(-1)?.signal.reason, { code: 'deadline_exceeded' })
})

t.test('also when the handler does not listen', async t => {
  const answer = await fetch(`${base}/v1/notes`, { headers: { ...(await as()), 'portico-deadline-ms': '40' } })
  t.equal(answer.status, 504)
  await eventually(() => app.lifecycle.inFlight === 0)
  const next = await fetch(`${base}/healthz`)
  t.equal(next.status, 200, 'its late failure harms nobody')
})

t.test('a client that leaves aborts the handler', async t => {
  const request = send(`${base}/v1/notes/${noteId}`, { headers: { 'portico-deadline-ms': '60000' } })
  request.on('error', () => {})
  request.end()
  const before = seen.length
  await eventually(() => seen.length > before)
  t.equal(app.lifecycle.inFlight, 1)
  request.destroy()
  await eventually(() => seen.at(-1)?.signal.aborted)
  t.match(seen.at(-1)?.signal.reason, { message: 'The client left' })
  await eventually(() => app.lifecycle.inFlight === 0)
})

t.test('an answer in time leaves the signal alone', async t => {
  const answer = await fetch(`${base}/signal`, { headers: { 'portico-deadline-ms': '5000' } })
  const { aborted, leftMs } = Object(await answer.json())
  t.equal(aborted, false)
  t.ok(leftMs > 4_000 && leftMs < 5_000, 'and what is left can be passed on')
})

t.test('an answer that has begun is not cut off', async t => {
  const answer = await fetch(`${base}/stream`, { headers: { 'portico-deadline-ms': '50' } })
  t.equal(await answer.text(), 'first last')
})

t.test('a deadline that is no number is none', async t => {
  const answer = await fetch(`${base}/signal`, { headers: { 'portico-deadline-ms': '-1' } })
  t.ok(Object(await answer.json()).leftMs > 8_000, 'the route’s own')
})

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort')
  signal.throwIfAborted()
}

function addressOf(address: ReturnType<typeof app.server.address>) {
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address
}
