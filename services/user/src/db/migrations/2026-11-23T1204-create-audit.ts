import { type Kysely, sql } from 'kysely'

/**
 * The audit trail. Its trigger belongs to the owner of the database, so the service itself cannot change or take away a
 * row; whoever can is caught by the chain of hashes.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table audit (
      sequence bigint primary key,
      at timestamptz not null,
      actor_id uuid,
      action text not null,
      subject_id uuid,
      details text not null,
      previous_hash bytea not null,
      hash bytea not null
    )`.execute(db)
  await sql`create index audit_subject on audit (subject_id, sequence)`.execute(db)
  await sql`create index audit_actor on audit (actor_id, sequence)`.execute(db)
  await sql`
    create function audit_only_grows() returns trigger language plpgsql as $$
    begin
      raise exception 'the audit trail only grows';
    end $$`.execute(db)
  await sql`
    create trigger audit_only_grows before update or delete on audit
    for each row execute function audit_only_grows()`.execute(db)
  await sql`
    create trigger audit_is_not_emptied before truncate on audit
    for each statement execute function audit_only_grows()`.execute(db)
}
