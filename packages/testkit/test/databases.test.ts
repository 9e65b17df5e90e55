import { databaseMigrations } from '@portico/database'
import { testDatabase, testPostgres } from '@portico/testkit'
import pg from 'pg'
import t from 'tap'

async function query(url: string, sql: string) {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

t.test('databases are clones that know nothing of each other, and go with their test', async t => {
  const { url: serverUrl } = await testPostgres(t)
  const names: string[] = []
  await t.test('two of them', async t => {
    const options = { service: 'content', migrations: [databaseMigrations] }
    const [one, two] = await Promise.all([testDatabase(t, options), testDatabase(t, options)])
    names.push(one.name, two.name)
    const row = `insert into idempotency_ledger values ('s', '\\x01', '\\x02', '\\x03', now())`
    await query(one.url, row)
    t.equal((await query(one.url, 'select * from idempotency_ledger')).length, 1)
    t.equal((await query(two.url, 'select * from idempotency_ledger')).length, 0)
    await t.rejects(query(two.url, 'drop table idempotency_ledger'), { code: '42501' })
    await query(two.migrationUrl, 'drop table idempotency_ledger')
  })
  const left = await query(serverUrl(), `select datname from pg_database where datname = any('{${names}}')`)
  t.strictSame(left, [])
})

t.test('dropping does not wait for who is connected', async t => {
  const { url, drop } = await testDatabase(t, { service: 'content' })
  const client = new pg.Client(url)
  client.on('error', () => {})
  await client.connect()
  await drop()
  await t.rejects(query(url, 'select 1'), { code: '3D000' })
})
