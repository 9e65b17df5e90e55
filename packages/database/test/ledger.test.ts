import { createLedger, type Database, expireLedger, type Ledger, type LedgerTables } from '@portico/database'
import { sql, type Transaction } from 'kysely'
import t from 'tap'
import { openTest, type Tables } from './database.ts'

const request = { scope: 'user:1', key: 'a-key-of-the-client', fingerprint: 'POST /v1/posts 4711' }

/** Inserts a post once for the request, and answers what was inserted. */
function publish(database: Database<Tables>, ledger: Ledger, id: number, asked = request) {
  return database.transaction(trx =>
    ledger.once(trx, asked, async () => {
      await trx.insertInto('posts').values({ id, title: 'a' }).execute()
      return { status: 201, headers: { location: `/v1/posts/${id}` }, body: { id, token: 'very-secret-token' } }
    }),
  )
}

const countPosts = async (database: Database<Tables>) =>
  (await database.kysely.selectFrom('posts').selectAll().execute()).length

t.test('the first answer is given again, and the work is not done again', async t => {
  const { database } = await openTest(t)
  const ledger = createLedger()
  const first = await publish(database, ledger, 1)
  const second = await publish(database, ledger, 2)
  t.notOk(first.replayed)
  t.ok(second.replayed)
  t.strictSame(second.answer, first.answer)
  t.equal(await countPosts(database), 1)
})

t.test('another body under the same key is refused; another scope is another key', async t => {
  const { database } = await openTest(t)
  const ledger = createLedger()
  await publish(database, ledger, 1)
  await t.rejects(publish(database, ledger, 2, { ...request, fingerprint: 'POST /v1/posts 4712' }), {
    code: 'idempotency_key_reused',
  })
  t.notOk((await publish(database, ledger, 3, { ...request, scope: 'user:2' })).replayed)
  t.equal(await countPosts(database), 2)
})

t.test('of 50 at once one takes effect; the others are told to wait, or get its answer', async t => {
  const { database } = await openTest(t, { poolSize: 10 })
  const ledger = createLedger()
  const outcomes = await Promise.allSettled(Array.from({ length: 50 }, (_, id) => publish(database, ledger, id)))
  t.equal(await countPosts(database), 1)
  const answers = outcomes.flatMap(outcome => (outcome.status === 'fulfilled' ? [outcome.value] : []))
  const refusals = outcomes.flatMap(outcome => (outcome.status === 'rejected' ? [outcome.reason.code] : []))
  t.equal(answers.filter(({ replayed }) => !replayed).length, 1)
  t.equal(new Set(answers.map(({ answer }) => JSON.stringify(answer))).size, 1)
  t.strictSame(
    [...new Set(refusals)].filter(code => code !== 'request_in_flight'),
    [],
  )
  t.comment(`${answers.length - 1} replayed, ${refusals.length} told to wait`)
})

t.test('while one is at work the same key is refused, at once', async t => {
  const { database } = await openTest(t)
  const ledger = createLedger()
  const running = Promise.withResolvers<void>()
  const finish = Promise.withResolvers<void>()
  const slow = database.transaction(trx =>
    ledger.once(trx, request, async () => {
      running.resolve()
      await finish.promise
      return { body: 'done' }
    }),
  )
  await running.promise
  await t.rejects(publish(database, ledger, 1), { code: 'request_in_flight', headers: { 'retry-after': '1' } })
  finish.resolve()
  t.strictSame((await slow).answer, { body: 'done' })
  t.ok((await publish(database, ledger, 1)).replayed)
})

t.test('what was rolled back leaves nothing: the next attempt works', async t => {
  const { database } = await openTest(t)
  const ledger = createLedger()
  const failing = database.transaction(async trx => {
    await ledger.once(trx, request, async () => {
      await trx.insertInto('posts').values({ id: 1, title: 'a' }).execute()
      return { body: null }
    })
    throw new Error('after the answer')
  })
  await t.rejects(failing, { message: 'after the answer' })
  const thrown = database.transaction(trx => ledger.once(trx, request, () => Promise.reject(new Error('in the work'))))
  await t.rejects(thrown, { message: 'in the work' })
  t.notOk((await publish(database, ledger, 1)).replayed)
})

t.test('who reads the table learns neither keys nor answers', async t => {
  const { database } = await openTest(t)
  await publish(database, createLedger(), 1)
  const { rows } = await sql<{ row: string }>`select ledger::text || encode(answer, 'escape') as row
    from idempotency_ledger as ledger`.execute(database.kysely)
  t.equal(rows.length, 1)
  t.notMatch(rows[0]?.row, request.key)
  t.notMatch(rows[0]?.row, 'very-secret-token')
  t.notMatch(rows[0]?.row, request.fingerprint)
})

t.test('a changed row is not replayed', async t => {
  const { database } = await openTest(t)
  await publish(database, createLedger(), 1)
  await sql`update idempotency_ledger set answer = set_byte(answer, length(answer) - 1,
    get_byte(answer, length(answer) - 1) # 1)`.execute(database.kysely)
  await t.rejects(publish(database, createLedger(), 2), /authenticate/)
  t.equal(await countPosts(database), 1)
})

t.test('answers expire, and are deleted in portions', async t => {
  const { database } = await openTest(t)
  const brief = createLedger({ lifetimeMs: 0 })
  await publish(database, brief, 1)
  t.notOk((await publish(database, brief, 2)).replayed, 'expired is as good as never')
  for (let i = 0; i < 9; i++) await publish(database, brief, 10 + i, { ...request, key: `key ${i}` })
  await publish(database, createLedger(), 30, { ...request, key: 'kept' })
  t.equal(await expireLedger(database.kysely, 4), 4)
  t.equal(await expireLedger(database.kysely, 100), 6)
  t.equal(await expireLedger(database.kysely, 100), 0)
  t.ok((await publish(database, createLedger(), 31, { ...request, key: 'kept' })).replayed)
})

t.test('an answer too large is an error, not a row', async t => {
  const { database } = await openTest(t)
  const ledger = createLedger({ limitBytes: 100 })
  const large = (trx: Transaction<Tables>) => ledger.once(trx, request, async () => ({ body: 'x'.repeat(200) }))
  await t.rejects(database.transaction(large), RangeError)
})

t.test('its table can stand in a service’s picture of tables', async t => {
  const { url } = await openTest(t)
  const { openDatabase } = await import('@portico/database')
  const { silentTelemetry } = await import('@portico/telemetry')
  const telemetry = silentTelemetry()
  const database = openDatabase<LedgerTables & Tables>({ url, applicationName: 'test', poolSize: 1, telemetry })
  t.after(() => database.close())
  t.strictSame(await database.kysely.selectFrom('idempotency_ledger').select(['scope', 'expires_at']).execute(), [])
})
