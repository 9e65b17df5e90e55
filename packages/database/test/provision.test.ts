import { databaseUrl, migrate, provision, provisionOf } from '@portico/database'
import { testDatabase, testPostgres } from '@portico/testkit'
import { sql } from 'kysely'
import t from 'tap'
import { open } from './database.ts'

const denied = { code: '42501' }

t.test('the service works with rows, and can do nothing else', async t => {
  const { url, migrationUrl } = await testDatabase(t, { service: 'content' })
  const owner = open(t, { url: migrationUrl }).kysely
  const app = open(t, { url }).kysely
  await sql`create table posts (id serial primary key, title text)`.execute(owner)

  await sql`insert into posts (title) values ('a')`.execute(app)
  await sql`update posts set title = 'b'`.execute(app)
  t.strictSame((await sql`select title from posts`.execute(app)).rows, [{ title: 'b' }])
  await sql`delete from posts`.execute(app)

  const forbidden = [
    'create table mine (id int)',
    'create temporary table mine (id int)',
    'create schema mine',
    'drop table posts',
    'truncate posts',
    'alter table posts add column more int',
    'create extension pg_trgm',
    'create role friend',
    `copy posts to '/tmp/posts'`,
    'select pg_read_file($$/etc/passwd$$)',
    'alter role content superuser',
  ]
  for (const statement of forbidden) {
    await t.rejects(sql.raw(statement).execute(app), /permission denied|must be owner|must be superuser/i, statement)
  }
  const roles = await sql`select rolsuper or rolcreatedb or rolcreaterole or rolreplication or rolbypassrls as powerful
    from pg_roles where rolname in ('content', 'content_owner')`.execute(app)
  t.strictSame(roles.rows, [{ powerful: false }, { powerful: false }])
})

t.test('the owner may add the extensions that services use', async t => {
  const { migrationUrl } = await testDatabase(t, { service: 'content' })
  const owner = open(t, { url: migrationUrl }).kysely
  for (const extension of ['pg_trgm', 'unaccent', 'citext']) {
    await sql`create extension ${sql.id(extension)}`.execute(owner)
  }
  t.strictSame((await sql`select similarity('portico', 'portico') as same`.execute(owner)).rows, [{ same: 1 }])
})

t.test('no service enters the database of another', async t => {
  const content = await testDatabase(t, { service: 'content' })
  const user = await testDatabase(t, { service: 'user' })
  for (const login of [
    { role: 'content', password: 'test' },
    { role: 'content_owner', password: 'test-owner' },
  ]) {
    const intruder = open(t, { url: databaseUrl(user.adminUrl, user.name, login) })
    await t.rejects(sql`select 1`.execute(intruder.kysely), denied)
    t.ok(await open(t, { url: databaseUrl(content.adminUrl, content.name, login) }).isReady())
  }
})

t.test('provisioning can be repeated, also at once, and sets passwords anew', async t => {
  const postgres = await testPostgres(t)
  const name = `provisioned_${process.pid}`
  const service = (app: string) => ({ ...provisionOf(name, { owner: "o'wner", app }), database: name })
  const admin = open(t, { url: postgres.url(), poolSize: 1 })
  t.after(async () => {
    await sql`drop database if exists ${sql.id(name)} with (force)`.execute(admin.kysely)
    for (const role of [name, `${name}_owner`]) await sql`drop role if exists ${sql.id(role)}`.execute(admin.kysely)
  })
  await Promise.all([1, 2, 3, 4].map(() => provision(postgres.url(), service('first$'))))
  await provision(postgres.url(), service('second"\\'))
  const login = (password: string) => databaseUrl(postgres.url(), name, { role: name, password })
  t.ok(await open(t, { url: login('second"\\') }).isReady())
  t.notOk(await open(t, { url: login('first$') }).isReady())
  const folder = new URL('./fixtures/migrations/', import.meta.url)
  const owner = databaseUrl(postgres.url(), name, { role: `${name}_owner`, password: "o'wner" })
  t.ok((await migrate({ url: owner, folders: [folder] })).length > 0)
  await provision(postgres.url(), service('third'))
  const app = open(t, { url: login('third') }).kysely
  t.strictSame((await sql`select * from letters`.execute(app)).rows, [{ letter: 'a' }, { letter: 'b' }])
})

t.test('an administrator who is no superuser will do', async t => {
  const postgres = await testPostgres(t)
  const name = `managed_${process.pid}`
  const superuser = open(t, { url: postgres.url(), poolSize: 1 }).kysely
  t.after(async () => {
    await sql`drop database if exists ${sql.id(name)} with (force)`.execute(superuser)
    for (const role of [name, `${name}_owner`, `${name}_admin`]) {
      await sql`drop role if exists ${sql.id(role)}`.execute(superuser)
    }
  })
  await sql`create role ${sql.id(`${name}_admin`)} login createdb createrole password 'admin'`.execute(superuser)
  const adminUrl = databaseUrl(postgres.url(), 'postgres', { role: `${name}_admin`, password: 'admin' })
  const service = { ...provisionOf(name, { owner: 'owner', app: 'app' }), database: name }
  await provision(adminUrl, service)
  await provision(adminUrl, service)
  const owner = open(t, { url: databaseUrl(adminUrl, name, service.owner) }).kysely
  await sql`create table posts (id int)`.execute(owner)
  const app = open(t, { url: databaseUrl(adminUrl, name, service.app) }).kysely
  t.strictSame((await sql`select * from posts`.execute(app)).rows, [])
  await t.rejects(sql`drop table posts`.execute(app), denied)
})
