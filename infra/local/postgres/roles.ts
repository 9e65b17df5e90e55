import pg from 'pg'

export interface ServiceDatabase {
  readonly service: string
  readonly ownerPassword: string
  readonly password: string
}

export const databaseOf = (service: string) => `portico_${service}`
export const ownerOf = (service: string) => `${service}_owner`

/** The same server, as somebody else. */
export function urlAs(
  adminUrl: string,
  { role, password, database }: { role: string; password: string; database: string },
) {
  const url = new URL(adminUrl)
  url.username = role
  url.password = password
  url.pathname = `/${database}`
  return url.href
}

/**
 * A database a service, and two roles: the owner, who migrates, and the service, who reads and writes rows and nothing
 * else. Repeatable. `adminUrl` is of a role that may create databases and roles; it need not be a superuser.
 */
export async function createServiceDatabases(adminUrl: string, databases: readonly ServiceDatabase[]): Promise<void> {
  await withClient(adminUrl, async client => {
    for (const database of databases) await createRoles(client, database)
    for (const { service } of databases) await createDatabase(client, service)
  })
  await Promise.all(databases.map(database => grantWithin(adminUrl, database)))
}

async function createRoles(client: pg.Client, { service, ownerPassword, password }: ServiceDatabase): Promise<void> {
  for (const [role, secret] of [[ownerOf(service), ownerPassword] as const, [service, password] as const]) {
    const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [role])
    const verb = rowCount === 0 ? 'CREATE' : 'ALTER'
    await client.query(
      `${verb} ROLE ${pg.escapeIdentifier(role)} LOGIN NOCREATEDB NOCREATEROLE PASSWORD ${pg.escapeLiteral(secret)}`,
    )
  }
}

async function createDatabase(client: pg.Client, service: string): Promise<void> {
  const database = pg.escapeIdentifier(databaseOf(service))
  const owner = pg.escapeIdentifier(ownerOf(service))
  const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [databaseOf(service)])
  if (rowCount === 0) {
    // Who is no superuser can give a database only to a role it is a member of.
    await client.query(`GRANT ${owner} TO CURRENT_USER`)
    await client.query(`CREATE DATABASE ${database} OWNER ${owner}`)
  }
  // Everybody may connect to every database unless told otherwise.
  await client.query(`REVOKE ALL ON DATABASE ${database} FROM PUBLIC`)
  await client.query(`GRANT CONNECT ON DATABASE ${database} TO ${pg.escapeIdentifier(service)}`)
}

/** As the owner, so that what is granted by default is granted for what the owner will create. */
async function grantWithin(adminUrl: string, { service, ownerPassword }: ServiceDatabase): Promise<void> {
  const url = urlAs(adminUrl, { role: ownerOf(service), password: ownerPassword, database: databaseOf(service) })
  const role = pg.escapeIdentifier(service)
  await withClient(url, async client => {
    await client.query(`
      REVOKE ALL ON SCHEMA public FROM PUBLIC;
      GRANT USAGE ON SCHEMA public TO ${role};
      GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${role};
      GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO ${role};
      ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ${role};
      ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO ${role};
    `)
  })
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000, query_timeout: 30_000 })
  client.on('error', () => {})
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
