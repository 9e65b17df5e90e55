import { provision, provisionOf } from '@portico/database/provision'

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
  for (const { service, ownerPassword, password } of databases) {
    await provision(adminUrl, provisionOf(service, { owner: ownerPassword, app: password }))
  }
}
