import { databaseMigrations, migrate } from '@portico/database'
import { stopwatch, testDatabase } from '@portico/testkit'
import { sql } from 'kysely'
import t from 'tap'
import { open } from './database.ts'

const folder = (name: string) => new URL(`./fixtures/${name}/`, import.meta.url)
const letters = sql<{ letter: string }>`select letter from letters order by letter`

t.test('runs what is missing, in the order of dates, once', async t => {
  const { migrationUrl, url } = await testDatabase(t, { service: 'content' })
  const lines: string[] = []
  const log = { info: (details: object, message: string) => lines.push(`${message} ${Object.values(details)[0]}`) }
  const folders = [folder('migrations'), databaseMigrations]
  t.strictSame(await migrate({ url: migrationUrl, folders, log }), [
    '2026-01-01T1000-create-letters',
    '2026-01-03T1000-add-b',
    '2026-11-23T1000-create-idempotency-ledger',
  ])
  t.equal(lines[0], 'migrated 2026-01-01T1000-create-letters')
  t.equal(lines.length, 3)
  t.strictSame(await migrate({ url: migrationUrl, folders, log }), [])
  const app = open(t, { url }).kysely
  t.strictSame((await letters.execute(app)).rows, [{ letter: 'a' }, { letter: 'b' }])
  await t.rejects(sql`delete from migration.kysely_migration`.execute(app), { code: '42501' })
})

t.test('what was merged late runs late; what a newer version did is left alone', async t => {
  const { migrationUrl, url } = await testDatabase(t, { service: 'content', migrations: [folder('migrations')] })
  const newer = [folder('migrations'), folder('later')]
  t.strictSame(await migrate({ url: migrationUrl, folders: newer }), [
    '2026-01-02T1000-add-c',
    '2026-01-04T1000-index-letters',
  ])
  t.strictSame(await migrate({ url: migrationUrl, folders: [folder('migrations')] }), [], 'the version before starts')
  const app = open(t, { url }).kysely
  t.equal((await letters.execute(app)).rows.length, 3)
  const { rows } = await sql`select 1 from pg_indexes where indexname = 'letters_index'`.execute(app)
  t.equal(rows.length, 1)
})

t.test('a failing one is rolled back alone, and named', async t => {
  const { migrationUrl, url } = await testDatabase(t, { service: 'content', migrations: [folder('migrations')] })
  const folders = [folder('migrations'), folder('failing')]
  await t.rejects(migrate({ url: migrationUrl, folders }), {
    message: 'the migration 2026-01-06T1000-break failed',
    cause: { code: '22012' },
  })
  const app = open(t, { url }).kysely
  t.strictSame((await letters.execute(app)).rows.map(row => row.letter).join(''), 'abd')
  await t.rejects(migrate({ url: migrationUrl, folders }), { message: /break failed/ }, 'the lock was given back')
})

t.test('of several replicas that start at once, one migrates and all get on', async t => {
  const { migrationUrl, url } = await testDatabase(t, { service: 'content' })
  const folders = [folder('migrations'), folder('later')]
  const done = await Promise.all([1, 2, 3, 4, 5].map(() => migrate({ url: migrationUrl, folders })))
  t.equal(done.flat().length, 4)
  t.equal((await letters.execute(open(t, { url }).kysely)).rows.length, 3)
})

t.test('the wait for another replica has a bound', async t => {
  const { migrationUrl } = await testDatabase(t, { service: 'content' })
  const holder = open(t, { url: migrationUrl, poolSize: 1 })
  await holder.kysely.connection().execute(async session => {
    await sql`select pg_advisory_lock(5781263049123401)`.execute(session)
    using tookMs = stopwatch()
    const waiting = migrate({ url: migrationUrl, folders: [folder('migrations')], lockTimeoutMs: 300 })
    await t.rejects(waiting, { name: 'DatabaseUnavailable', reason: 'timeout' })
    t.ok(tookMs() < 2_000)
    await sql`select pg_advisory_unlock_all()`.execute(session)
  })
  t.equal((await migrate({ url: migrationUrl, folders: [folder('migrations')] })).length, 2)
})

t.test('files that are no migrations stop everything', async t => {
  const { migrationUrl: url } = await testDatabase(t, { service: 'content' })
  await t.rejects(migrate({ url, folders: [folder('wrong')] }), /create-posts.ts is not a migration/)
  await t.rejects(migrate({ url, folders: [folder('migrations'), folder('migrations')] }), /two migrations called/)
})
