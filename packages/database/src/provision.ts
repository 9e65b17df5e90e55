import pg from 'pg'

/** A service's place in PostgreSQL: its database, who owns it, and who only works with its rows. */
export interface Provision {
  /** `portico_content` */
  database: string
  /** Owns the database and migrates it. */
  owner: { role: string; password: string }
  /** The running service: SELECT, INSERT, UPDATE, DELETE, and nothing else. */
  app: { role: string; password: string }
}

/** The names that every installation uses for a service. */
export function provisionOf(service: string, passwords: { owner: string; app: string }): Provision {
  return {
    database: `portico_${service}`,
    owner: { role: `${service}_owner`, password: passwords.owner },
    app: { role: service, password: passwords.app },
  }
}

const name = (identifier: string) => pg.escapeIdentifier(identifier)
const text = (literal: string) => pg.escapeLiteral(literal)

/** The two roles, in one statement, so that nothing is half done; running it again sets the passwords. */
export function rolesSql({ owner, app }: Provision): string[] {
  return [
    [
      'do $portico$ begin',
      ...[owner, app].flatMap(({ role, password }) => [
        `if not exists (select from pg_roles where rolname = ${text(role)}) then create role ${name(role)}; end if;`,
        `alter role ${name(role)} with login nocreatedb nocreaterole password ${text(password)};`,
      ]),
      // Who is no superuser can give a database only to a role it is a member of.
      `if not (select rolsuper from pg_roles where rolname = current_user)`,
      `then grant ${name(owner.role)} to current_user; end if;`,
      'end $portico$',
    ].join('\n'),
  ]
}

/** Creates the database; fails when it exists. It cannot run in a transaction. */
export function createDatabaseSql({ database, owner }: Provision, template?: string): string {
  const from = template === undefined ? '' : ` template ${name(template)}`
  return `create database ${name(database)} owner ${name(owner.role)}${from}`
}

/** Who may connect. A database made from a template has to be told again: this is not copied. */
export function accessSql({ database, app }: Provision): string[] {
  return [
    `revoke all on database ${name(database)} from public`,
    `grant connect on database ${name(database)} to ${name(app.role)}`,
  ]
}

/**
 * Inside of the new database, as its owner: what the owner has and will create, the service may read and write. The
 * extensions that services use (pg_trgm, unaccent, citext) are trusted ones: the owner may create them in a migration.
 */
export function schemaSql({ owner, app }: Provision): string[] {
  const service = name(app.role)
  const defaults = `alter default privileges for role ${name(owner.role)} in schema public grant`
  return [
    'revoke all on schema public from public',
    `grant usage on schema public to ${service}`,
    `grant select, insert, update, delete on all tables in schema public to ${service}`,
    `grant usage, select on all sequences in schema public to ${service}`,
    `${defaults} select, insert, update, delete on tables to ${service}`,
    `${defaults} usage, select on sequences to ${service}`,
  ]
}

/**
 * Creates what is missing of a service's database and roles, and sets rights and passwords anew. It can run any number
 * of times, also at once.
 *
 * @param adminUrl of a role that may create databases and roles, to any database of the server. It need not be a
 *   superuser.
 */
export async function provision(adminUrl: string, service: Provision): Promise<void> {
  await withClient(adminUrl, async admin => {
    // Until the session ends: two that alter one role or grant on one thing at once get `tuple concurrently updated`.
    await admin.query("select pg_advisory_lock(hashtext('portico provision'))")
    await runAll(admin, rolesSql(service))
    const { rowCount } = await admin.query('select from pg_database where datname = $1', [service.database])
    if (rowCount === 0) await admin.query(createDatabaseSql(service))
    await runAll(admin, accessSql(service))
    const inside = databaseUrl(adminUrl, service.database, service.owner)
    await withClient(inside, owner => runAll(owner, schemaSql(service)))
  })
}

/** The same server, another database, and another role where one is given. */
export function databaseUrl(url: string, database: string, login?: { role: string; password: string }): string {
  const target = new URL(url)
  target.pathname = `/${encodeURIComponent(database)}`
  if (login) {
    target.username = encodeURIComponent(login.role)
    target.password = encodeURIComponent(login.password)
  }
  return target.href
}

async function withClient(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000, application_name: 'provision' })
  client.on('error', () => {})
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}

async function runAll(client: pg.Client, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await client.query(statement)
}
