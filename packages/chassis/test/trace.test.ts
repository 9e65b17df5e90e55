import { openDatabase } from '@portico/database'
import { createTelemetry } from '@portico/telemetry'
import { capturedSpans, testDatabase } from '@portico/testkit'
import { sql } from 'kysely'
import t from 'tap'
import { unitOfWork } from '../src/index.ts'
import { as, createNote, createNotes, noteId } from './fixture.ts'

const receiver = await capturedSpans(t)
const lines: Record<string, unknown>[] = []
const telemetry = createTelemetry({
  service: 'notes',
  instance: 'notes-1',
  version: '1.2.3',
  otlpUrl: receiver.url,
  processMetrics: false,
  logDestination: { write: line => lines.push(JSON.parse(line)) },
})
const { url } = await testDatabase(t, { service: 'notes' })
const database = openDatabase<object>({ url, applicationName: 'notes-1', poolSize: 2, telemetry })
const transact = unitOfWork({ database, stores: trx => trx })
const app = await createNotes(telemetry)
app.route({
  ...createNote,
  handler: request =>
    transact(request, async trx => {
      await sql`select pg_sleep(0) as waited`.execute(trx)
      telemetry.log.info('inside the transaction')
      if (request.body.body === 'defect') await sql`select 1 / 0`.execute(trx)
      return { id: noteId, body: request.body.body, kind: 'plain', parentId: null }
    }),
})
await app.listen({ host: '127.0.0.1', port: 0 })
t.teardown(async () => {
  await app.close()
  await database.close()
  await telemetry.shutdown()
})

async function post(body: string) {
  const address = app.server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const answer = await fetch(`http://127.0.0.1:${address.port}/v1/notes`, {
    method: 'POST',
    headers: { ...(await as()), 'content-type': 'application/json' },
    body: JSON.stringify({ body }),
  })
  const traceId = /00-([0-9a-f]{32})/.exec(answer.headers.get('server-timing') ?? '')?.[1] ?? ''
  return { status: answer.status, body: Object(await answer.json()), traceId }
}

t.test('from the request into the SQL: one connected tree', async t => {
  const { status, traceId } = await post('hello')
  t.equal(status, 201)
  const tree = await receiver.complete(traceId, ({ all }) => all.some(({ kind }) => kind === 'server'))
  t.equal(tree.roots.length, 1, tree.print())
  t.match(tree.roots[0], { name: 'POST /v1/notes', attributes: { 'http.response.status_code': 201 } })
  const statement = tree.find(({ attributes }) => attributes['db.operation.name'] === 'SELECT')
  t.ok(statement, tree.print())
  t.match(
    lines.find(({ msg }) => msg === 'inside the transaction'),
    { traceId },
  )
})

t.test('a defect is found by the traceId of its problem', async t => {
  const { status, body, traceId } = await post('defect')
  t.equal(status, 500)
  t.equal(body.traceId, traceId)
  const tree = await receiver.complete(traceId, ({ all }) => all.some(({ kind }) => kind === 'server'))
  const root = tree.roots[0]
  t.match(root, { status: 'error', attributes: { 'error.type': 'internal_error' }, events: [{ name: 'exception' }] })
  t.match(
    lines.find(({ msg }) => msg === 'request failed'),
    { traceId, err: { message: 'division by zero' } },
  )
})
