import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { databaseUrl, migrate, type Provision, provision } from '@portico/database'
import type { Client } from 'pg'

/**
 * A database with all migrations done, to clone from: made once for each set of migrations, by whichever test comes
 * first. It is built under another name, so that a killed test leaves no half of one.
 *
 * @param admin a session of the superuser, used for nothing else meanwhile
 */
export async function ensureTemplate(
  admin: Client,
  adminUrl: string,
  service: Provision,
  folders: readonly URL[],
): Promise<string> {
  const name = `template_${await digest(service, folders)}`
  await admin.query("select pg_advisory_lock(hashtext('portico test template ' || $1))", [name])
  try {
    const { rowCount } = await admin.query('select from pg_database where datname = $1', [name])
    if (rowCount === 0) await build(admin, adminUrl, { ...service, database: name }, folders)
  } finally {
    await admin.query("select pg_advisory_unlock(hashtext('portico test template ' || $1))", [name])
  }
  return name
}

async function build(admin: Client, adminUrl: string, service: Provision, folders: readonly URL[]): Promise<void> {
  const building = `${service.database}_building`
  await admin.query(`drop database if exists ${building} with (force)`)
  await provision(adminUrl, { ...service, database: building })
  await migrate({ url: databaseUrl(adminUrl, building, service.owner), folders })
  await admin.query(`alter database ${building} rename to ${service.database}`)
}

async function digest({ owner, app }: Provision, folders: readonly URL[]): Promise<string> {
  const hash = createHash('sha256').update(`${owner.role} ${app.role}\n`)
  for (const folder of folders) {
    for (const file of (await readdir(folder)).sort()) {
      hash.update(`${file}\0`).update(await readFile(new URL(file, folder)))
    }
  }
  return hash.digest('hex').slice(0, 16)
}
