import { Forbidden } from '@portico/contracts'
import { databaseMigrations, openDatabase } from '@portico/database'
import { silentTelemetry } from '@portico/telemetry'
import { eventually, testDatabase } from '@portico/testkit'
import { sql } from 'kysely'
import t from 'tap'
import { created, unitOfWork } from '../src/index.ts'
import { as, createNote, createNotes, listNotes, noteId, reader } from './fixture.ts'

const telemetry = silentTelemetry()
const { url, migrationUrl } = await testDatabase(t, { service: 'notes', migrations: [databaseMigrations] })
interface Tables {
  notes: { body: string }
}
const database = openDatabase<Tables>({ url, applicationName: 'notes-1', poolSize: 5, telemetry })
const owner = openDatabase<Tables>({ url: migrationUrl, applicationName: 'owner', poolSize: 1, telemetry })
await owner.kysely.schema
  .createTable('notes')
  .addColumn('body', 'text', column => column.notNull())
  .execute()
await owner.close()

let wakes = 0
let runs = 0
const transact = unitOfWork({
  database,
  stores: trx => ({ notes: { add: (body: string) => trx.insertInto('notes').values({ body }).execute() } }),
  relay: {
    wake() {
      wakes += 1
    },
  },
})
const app = await createNotes(telemetry)
app.route({
  ...createNote,
  handler: request =>
    transact(request, async ({ notes }) => {
      runs += 1
      await notes.add(request.body.body)
      if (request.body.body === 'refused') throw Forbidden()
      if (request.body.body === 'slow') await sql`select pg_sleep(0.3)`.execute(database.kysely)
      return created(
        `/v1/notes/${noteId}`,
        { id: noteId, body: request.body.body, kind: 'plain', parentId: null },
        { etag: '"1"' },
      )
    }),
})
app.route({
  ...listNotes,
  handler: request => transact(request, async () => ({ items: [], nextCursor: null })),
})
await app.ready()
t.teardown(async () => {
  await app.close()
  await database.close()
})

async function post(
  body: string,
  { key, repeat, ...more }: { key?: string; repeat?: true; userId?: string; deadlineMs?: number } = {},
) {
  const headers = {
    ...(await as(more.userId ? { userId: more.userId } : {})),
    ...(key ? { 'idempotency-key': key } : {}),
    ...(repeat ? { 'portico-repeat': '1' } : {}),
    ...(more.deadlineMs ? { 'portico-deadline-ms': String(more.deadlineMs) } : {}),
  }
  return app.inject({ method: 'POST', url: '/v1/notes', headers, payload: { body } })
}

async function stored(body: string): Promise<number> {
  const rows = await database.kysely.selectFrom('notes').select('body').where('body', '=', body).execute()
  return rows.length
}

t.test('the work, its answer and the relay’s wake-up', async t => {
  const before = wakes
  const answer = await post('first')
  t.equal(answer.statusCode, 201)
  t.equal(answer.headers.etag, '"1"')
  t.equal(await stored('first'), 1)
  await eventually(() => wakes === before + 1)
})

t.test('a refusal takes everything back', async t => {
  const before = wakes
  t.equal((await post('refused', { key: 'r' })).statusCode, 403)
  t.equal(await stored('refused'), 0)
  t.equal((await post('refused', { key: 'r' })).json().code, 'forbidden', 'and is no answer to be replayed')
  t.equal(wakes, before)
})

t.test('a repeat with its key gets the same answer, and nothing happens twice', async t => {
  const before = runs
  const first = await post('keyed', { key: 'k1' })
  const second = await post('keyed', { key: 'k1' })
  t.equal(second.statusCode, first.statusCode)
  t.equal(second.body, first.body)
  t.equal(second.headers.location, first.headers.location)
  t.equal(second.headers.etag, '"1"')
  t.equal(first.headers['idempotent-replayed'], undefined)
  t.equal(second.headers['idempotent-replayed'], 'true')
  t.equal(runs, before + 1)
  t.equal(await stored('keyed'), 1)
})

t.test('the same key with another body is refused; of another account it is another key', async t => {
  await post('one', { key: 'k2' })
  const other = await post('two', { key: 'k2' })
  t.equal(other.statusCode, 422)
  t.equal(other.json().code, 'idempotency_key_reused')
  const somebody = await post('two', { key: 'k2', userId: reader.userId.replace(/1$/, '2') })
  t.equal(somebody.statusCode, 201)
})

t.test('two at once: one works, the other is told so', async t => {
  const answers = await Promise.all([post('slow', { key: 'k3' }), post('slow', { key: 'k3' })])
  t.same(answers.map(({ statusCode }) => statusCode).sort(), [201, 409])
  t.equal(answers.find(({ statusCode }) => statusCode === 409)?.json().code, 'request_in_flight')
  t.equal(await stored('slow'), 1)
})

t.test('the gateway’s own repeat waits for the first, and gets its answer', async t => {
  const before = runs
  const first = post('slow', { key: 'k5' })
  await eventually(() => runs === before + 1)
  const repeat = await post('slow', { key: 'k5', repeat: true })
  t.equal((await first).statusCode, 201)
  t.equal(repeat.statusCode, 201)
  t.equal(repeat.headers['idempotent-replayed'], 'true')
  t.equal(runs, before + 1)
})

t.test('the gateway’s own repeat takes over from a first that has come to nothing', async t => {
  const before = runs
  const first = post('slow', { key: 'k6', deadlineMs: 100 })
  await eventually(() => runs === before + 1)
  const repeat = await post('slow', { key: 'k6', repeat: true })
  t.equal((await first).statusCode, 504)
  t.equal(repeat.statusCode, 201)
  t.equal(repeat.headers['idempotent-replayed'], undefined)
  t.equal(runs, before + 2)
})

t.test('the gateway’s own repeat waits no longer than its deadline', async t => {
  const before = runs
  const first = post('slow', { key: 'k7' })
  await eventually(() => runs === before + 1)
  t.equal((await post('slow', { key: 'k7', repeat: true, deadlineMs: 50 })).statusCode, 504)
  t.equal((await first).statusCode, 201)
  t.equal(runs, before + 1)
})

t.test('what nobody waits for any more is rolled back', async t => {
  const before = await stored('slow')
  const answer = await post('slow', { key: 'k4', deadlineMs: 100 })
  t.equal(answer.statusCode, 504)
  await eventually(() => database.usage().inUse === 0)
  t.equal(await stored('slow'), before)
  t.equal((await post('slow', { key: 'k4' })).statusCode, 201, 'and its key is free again')
})

t.test('a bare body has the contract’s status; a key on a GET means nothing', async t => {
  const answer = await app.inject({ url: '/v1/notes', headers: { 'idempotency-key': 'k1' } })
  t.equal(answer.statusCode, 200)
  t.equal(answer.headers['idempotent-replayed'], undefined)
})

t.test('without a request: for jobs and consumers', async t => {
  const before = wakes
  const done = await transact(async ({ notes }) => {
    await notes.add('job')
    return 'done'
  })
  t.equal(done, 'done')
  t.equal(await stored('job'), 1)
  await eventually(() => wakes === before + 1)
})

t.test('PostgreSQL away is 503 and to be repeated, its timeout is 504', async t => {
  const gone = openDatabase<Tables>({
    url: 'postgres://x:y@127.0.0.1:1/z',
    applicationName: 'x',
    poolSize: 1,
    telemetry,
  })
  const slow = openDatabase<Tables>({ url, applicationName: 'x', poolSize: 1, statementTimeoutMs: 100, telemetry })
  const other = await createNotes(telemetry)
  other.get('/gone', () => gone.kysely.selectFrom('notes').selectAll().execute())
  other.get('/slow', () => sql`select pg_sleep(5)`.execute(slow.kysely))
  const away = await other.inject('/gone')
  t.equal(away.statusCode, 503)
  t.equal(away.json().code, 'service_unavailable')
  t.equal(away.headers['retry-after'], '1')
  t.notMatch(away.body, /127\.0\.0\.1|ECONN/)
  const late = await other.inject('/slow')
  t.equal(late.statusCode, 504)
  t.equal(late.json().code, 'deadline_exceeded')
  await Promise.all([other.close(), gone.close(), slow.close()])
})
