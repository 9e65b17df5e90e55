import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('idempotency_ledger')
    .addColumn('scope', 'text', column => column.notNull())
    .addColumn('key_hash', sql`bytea`, column => column.notNull())
    .addColumn('fingerprint', sql`bytea`, column => column.notNull())
    .addColumn('answer', sql`bytea`, column => column.notNull())
    .addColumn('expires_at', 'timestamptz', column => column.notNull())
    .addPrimaryKeyConstraint('idempotency_ledger_pkey', ['scope', 'key_hash'])
    .execute()
  await db.schema
    .createIndex('idempotency_ledger_expires_at_index')
    .on('idempotency_ledger')
    .column('expires_at')
    .execute()
}
