import Fastify from 'fastify'
import t from 'tap'
import { etagOf, notModified, requireMatch } from './conditional.ts'

const etag = etagOf(7)
const updatedAt = '2026-11-23T12:00:00.900Z'
const app = Fastify()
app.get('/', (request, reply) => (notModified(request, reply, etag, updatedAt) ? reply.send() : { version: 7 }))
app.put('/', async request => {
  requireMatch(request, etag)
  return 'written'
})

t.test('entity tags are strong and well-formed', async t => {
  t.equal(etagOf(7), '"7"')
  t.equal(etagOf('a"b', 2), '"a_b.2"')
})

t.test('what the client has already is not sent again', async t => {
  const cases: [Record<string, string>, number][] = [
    [{}, 200],
    [{ 'if-none-match': '"7"' }, 304],
    [{ 'if-none-match': 'W/"7"' }, 304],
    [{ 'if-none-match': '"1", "7"' }, 304],
    [{ 'if-none-match': '*' }, 304],
    [{ 'if-none-match': '"8"' }, 200],
    [{ 'if-modified-since': 'Mon, 23 Nov 2026 12:00:00 GMT' }, 304],
    [{ 'if-modified-since': 'Mon, 23 Nov 2026 11:59:59 GMT' }, 200],
    [{ 'if-modified-since': 'yesterday' }, 200],
    // With a tag that does not match, the date is not asked.
    [{ 'if-none-match': '"8"', 'if-modified-since': 'Mon, 23 Nov 2026 13:00:00 GMT' }, 200],
  ]
  for (const [headers, status] of cases) {
    const answer = await app.inject({ url: '/', headers })
    t.equal(answer.statusCode, status, JSON.stringify(headers))
    t.equal(answer.headers.etag, '"7"')
    t.equal(answer.headers['last-modified'], 'Mon, 23 Nov 2026 12:00:00 GMT')
  }
})

t.test('a write names the version it changes', async t => {
  const cases: [Record<string, string>, number][] = [
    [{}, 428],
    [{ 'if-match': '"7"' }, 200],
    [{ 'if-match': '"1", "7"' }, 200],
    [{ 'if-match': '*' }, 200],
    [{ 'if-match': '"6"' }, 412],
    [{ 'if-match': 'W/"7"' }, 412],
    [{ 'if-match': '7' }, 412],
  ]
  for (const [headers, status] of cases) {
    t.equal((await app.inject({ method: 'PUT', url: '/', headers })).statusCode, status, JSON.stringify(headers))
  }
})
