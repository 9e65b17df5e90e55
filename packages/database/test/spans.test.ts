import { openDatabase } from '@portico/database'
import { createTelemetry, withSpan } from '@portico/telemetry'
import { capturedSpans, type TestScope } from '@portico/testkit'
import { sql } from 'kysely'
import t from 'tap'
import { openTest, type Tables } from './database.ts'

async function openTraced(t: TestScope, sampleRatio = 1) {
  const captured = await capturedSpans(t)
  const telemetry = createTelemetry({
    service: 'content',
    instance: 'content-1',
    version: '0.0.0',
    otlpUrl: captured.url,
    sampleRatio,
    logLevel: 'silent',
    processMetrics: false,
  })
  t.after(() => telemetry.shutdown())
  const { url } = await openTest(t)
  const database = openDatabase<Tables>({ url, applicationName: 'content-1', poolSize: 2, telemetry })
  t.after(() => database.close())
  return { captured, telemetry, database }
}

t.test('each statement is a span below the one at work', async t => {
  const { captured, telemetry, database } = await openTraced(t)
  const traceId = await withSpan(telemetry.tracer, 'publish', {}, async span => {
    await database.transaction(async trx => {
      await trx.insertInto('posts').values({ id: 1, title: 'a secret title' }).execute()
      await trx
        .with('known', db => db.selectFrom('posts').selectAll())
        .selectFrom('known')
        .selectAll()
        .execute()
    })
    await sql`select 1 / ${0}::int`.execute(database.kysely).catch(() => {})
    await sql`select ${'a secret title'}::uuid`.execute(database.kysely).catch(() => {})
    return span.spanContext().traceId
  })
  await telemetry.flush()
  const tree = await captured.complete(traceId, ({ all }) => all.length === 7)
  t.equal(
    tree.print(),
    [
      'content internal publish',
      '  content client BEGIN',
      '  content client INSERT posts',
      '  content client SELECT posts',
      '  content client COMMIT',
      '  content client SELECT !',
      '  content client SELECT !',
    ].join('\n'),
  )
  const insert = tree.find(({ name }) => name === 'INSERT posts')
  t.match(insert?.attributes, {
    'db.system.name': 'postgresql',
    'db.namespace': /^test_content_/,
    'db.operation.name': 'INSERT',
    'db.collection.name': 'posts',
    'db.query.summary': 'INSERT posts',
  })
  const failed = tree.all.filter(({ status }) => status === 'error')
  t.strictSame(
    failed.map(({ attributes }) => attributes['db.response.status_code']),
    ['22012', '22P02'],
  )
  t.notMatch(JSON.stringify(tree.all), 'secret', 'no value leaves')
})

t.test('without a span at work, or with one that is not recorded, there is none', async t => {
  const { captured, telemetry, database } = await openTraced(t, 0)
  await sql`select 1`.execute(database.kysely)
  await withSpan(telemetry.tracer, 'unsampled', {}, () => sql`select 1`.execute(database.kysely))
  await telemetry.flush()
  t.strictSame(captured.spans(), [])
})

t.test('the pool and the statements are measured', async t => {
  const { telemetry, database } = await openTraced(t)
  await database.transaction(async trx => {
    await trx.selectFrom('posts').selectAll().execute()
    const { body } = await telemetry.metrics.page()
    t.match(body, /^db_client_connections_used 1$/m)
    t.match(body, /^db_client_connections_idle 0$/m)
    t.match(body, /^db_client_connection_pending_requests 0$/m)
    t.match(body, /^db_client_connection_wait_time_seconds_count 1$/m)
    t.match(body, /^db_client_operation_duration_seconds_count\{db_operation_name="SELECT"\} 1$/m)
  })
})
