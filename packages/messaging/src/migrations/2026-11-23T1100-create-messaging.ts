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
  // How far a consumer is with each key. `waiting` counts the key's rows in inbox_waiting.
  await sql`
    create table inbox_positions (
      consumer text not null,
      entity text not null,
      key text not null,
      number bigint not null,
      waiting integer not null default 0,
      handled_at timestamptz not null default now(),
      primary key (consumer, entity, key)
    ) with (fillfactor = 80)`.execute(db)
  await sql`create index inbox_positions_waiting on inbox_positions (consumer) where waiting > 0`.execute(db)
  // Events, acknowledged to the server, that cannot be handled yet: they failed, or one before them is missing.
  await sql`
    create table inbox_waiting (
      consumer text not null,
      id uuid not null,
      entity text not null,
      key text not null,
      number bigint not null,
      event_id uuid not null,
      subject text not null,
      payload text not null,
      created_at timestamptz not null,
      traceparent text,
      tracestate text,
      origin text,
      replay_of uuid,
      attempts integer not null default 0,
      error json,
      first_failed_at timestamptz,
      due_at timestamptz not null default now(),
      primary key (consumer, id)
    )`.execute(db)
  await sql`
    create index inbox_waiting_by_key on inbox_waiting (consumer, entity, key, number) where replay_of is null`.execute(
    db,
  )
  await sql`create index inbox_waiting_replays on inbox_waiting (consumer, due_at) where replay_of is not null`.execute(
    db,
  )
  // Events between `after` and `before` that were waited for in vain.
  await sql`
    create table inbox_gaps (
      consumer text not null,
      entity text not null,
      key text not null,
      after bigint not null,
      before bigint not null,
      accepted_at timestamptz not null default now(),
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
