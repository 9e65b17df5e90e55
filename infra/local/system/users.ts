import { type NatsUser, natsPermissions } from '@portico/messaging/permissions'
import { superuser } from '../postgres/cluster.ts'
import { ownerOf } from '../postgres/roles.ts'
import type { Secrets } from '../state/secrets.ts'
import { supervisorUser, table } from './table.ts'

/** Every name that needs a password: two roles a database, the server's own, and a NATS user a part. */
export function secretNames(): { roles: string[]; users: string[] } {
  const services = servicesWithDatabase()
  return {
    roles: [superuser, ...services, ...services.map(ownerOf)],
    users: [...table.map(({ name }) => name), supervisorUser],
  }
}

export function servicesWithDatabase(): string[] {
  return table.filter(({ database }) => database).map(({ name }) => name)
}

export function natsUsers(secrets: Secrets): NatsUser[] {
  const parts = table.map(({ name, permissions }) => ({ user: name, permissions }))
  const all = [...parts, { user: supervisorUser, permissions: natsPermissions(supervisorUser) }]
  return all.map(({ user, permissions }) => ({ user, password: secrets.natsPassword(user), permissions }))
}
