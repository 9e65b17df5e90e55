import pg from 'pg'
import t from 'tap'
import { createServiceDatabases, ownerOf, urlAs } from './roles.ts'

const adminUrl = process.env.PORTICO_TEST_POSTGRES_URL
const names = ['a', 'b'].map(letter => `roles_${process.pid}_${letter}`)
const databases = names.map(service => ({ service, ownerPassword: 'owner-secret', password: 'service-secret' }))
const [a = '', b = ''] = names

if (!adminUrl) {
  t.pass('', { skip: 'run by npm test, which brings a PostgreSQL' })
} else {
  t.before(() => createServiceDatabases(adminUrl, databases))
  t.teardown(async () => {
    const admin = new pg.Client(adminUrl)
    await admin.connect()
    for (const service of names) {
      await admin.query(`DROP DATABASE IF EXISTS portico_${service}`)
      await admin.query(`DROP ROLE IF EXISTS ${service}`)
      await admin.query(`DROP ROLE IF EXISTS ${ownerOf(service)}`)
    }
    await admin.end()
  })

  const as = async (role: string, password: string, database: string, ...statements: string[]) => {
    const client = new pg.Client(urlAs(adminUrl, { role, password, database }))
    await client.connect()
    try {
      for (const statement of statements) await client.query(statement)
    } finally {
      await client.end()
    }
  }
  const asOwner = (...statements: string[]) => as(ownerOf(a), 'owner-secret', `portico_${a}`, ...statements)
  const asService = (...statements: string[]) => as(a, 'service-secret', `portico_${a}`, ...statements)
  const denied = { code: '42501' }

  t.test('the owner makes tables, and the service changes their rows', async () => {
    await asOwner('CREATE TABLE notes (id bigint GENERATED ALWAYS AS IDENTITY, text text)', 'CREATE EXTENSION pg_trgm')
    await asService(
      "INSERT INTO notes (text) VALUES ('x')",
      'SELECT * FROM notes',
      "UPDATE notes SET text = 'y'",
      'DELETE FROM notes',
    )
  })

  t.test('the service may do nothing else', async t => {
    await t.rejects(asService('CREATE TABLE mine ()'), denied)
    await t.rejects(asService('CREATE TEMPORARY TABLE mine ()'), denied)
    await t.rejects(asService('CREATE SCHEMA mine'), denied)
    await t.rejects(asService('DROP TABLE notes'), { code: '42501' })
    await t.rejects(asService('TRUNCATE notes'), denied)
    await t.rejects(asService('ALTER TABLE notes ADD COLUMN more text'), denied)
    await t.rejects(asService('CREATE ROLE mine'), denied)
  })

  t.test('nobody enters the database of another', async t => {
    await t.rejects(as(a, 'service-secret', `portico_${b}`), denied)
    await t.rejects(as(ownerOf(a), 'owner-secret', `portico_${b}`), denied)
  })

  t.test('once more changes nothing but the passwords', async t => {
    await createServiceDatabases(
      adminUrl,
      databases.map(database => ({ ...database, password: 'another' })),
    )
    await t.rejects(asService('SELECT 1'), { code: '28P01' })
    await as(a, 'another', `portico_${a}`, 'SELECT * FROM notes')
  })
}
