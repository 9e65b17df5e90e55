import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  await createOutbox(db)
  await createInbox(db)
}

async function createOutbox(db: Kysely<unknown>) {
  // What is to be told. `number` counts the events of one key.
  await sql`
    create table outbox (
      sequence bigint generated always as identity primary key,
      id uuid not null unique,
      entity text not null,
      key text not null,
      number bigint not null,
      previous_at timestamptz,
      subject text not null,
      payload json not null,
      traceparent text,
      tracestate text,
      created_at timestamptz not null default now(),
      published_at timestamptz,
      stream_sequence bigint,
      unique (entity, key, number)
    )`.execute(db)
  // The relay's queue: small however large the table is.
  await sql`create index outbox_unpublished on outbox (sequence) where published_at is null`.execute(db)
  // One row a key, for good: its lock, held until commit, makes the order of numbers the order of commits.
  await sql`
    create table outbox_keys (
      entity text not null,
      key text not null,
      last bigint not null,
      last_at timestamptz not null,
      previous_at timestamptz,
      primary key (entity, key)
    ) with (fillfactor = 80)`.execute(db)
  // Which stream the rows went to: another `created_at`, or a shorter stream, means that it lost what it had acknowledged.
  await sql`
    create table outbox_streams (
      stream text primary key,
      created_at text not null,
      last_sequence bigint not null
    )`.execute(db)
}

async function createInbox(db: Kysely<unknown>) {
  await sql`
    create table inbox_positions (
      consumer text not null,
      entity text not null,
      key text not null,
      number bigint not null,
      handled_at timestamptz not null default now(),
      primary key (consumer, entity, key)
    ) with (fillfactor = 80)`.execute(db)
  await sql`
    create table inbox_attempts (
      consumer text not null,
      event_id uuid not null,
      entity text not null,
      key text not null,
      number bigint not null,
      attempts integer not null,
      error json not null,
      first_failed_at timestamptz not null default now(),
      next_at timestamptz not null,
      primary key (consumer, event_id)
    )`.execute(db)
  await sql`create index inbox_attempts_by_key on inbox_attempts (consumer, entity, key, number)`.execute(db)
  // Events that are missing between `after` and `before`, both of which are not missing.
  await sql`
    create table inbox_gaps (
      consumer text not null,
      entity text not null,
      key text not null,
      after bigint not null,
      before bigint not null,
      first_seen_at timestamptz not null default now(),
      last_seen_at timestamptz not null default now(),
      sightings integer not null default 1,
      accepted_at timestamptz,
      primary key (consumer, entity, key, after)
    )`.execute(db)
  await sql`
    create table inbox_replays (
      consumer text not null,
      dead_letter_id uuid not null,
      handled_at timestamptz not null default now(),
      primary key (consumer, dead_letter_id)
    )`.execute(db)
}
