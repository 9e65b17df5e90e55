import { type Kysely, sql } from 'kysely'

/** A blob's row says that its bytes lie in the store; a file names a blob. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table blobs (
      sha256 text collate "C" primary key check (sha256 ~ '^[0-9a-f]{64}$'),
      size_bytes bigint not null check (size_bytes >= 0),
      created_at timestamptz not null
    )`.execute(db)
  await sql`
    create table files (
      id uuid primary key,
      owner_id uuid not null,
      sha256 text collate "C" not null references blobs (sha256),
      name text not null,
      folder text collate "C" not null,
      type text not null,
      size_bytes bigint not null,
      visibility text not null check (visibility in ('private', 'public')),
      image_width integer,
      image_height integer,
      version integer not null default 1,
      created_at timestamptz not null,
      updated_at timestamptz not null
    )`.execute(db)
  await sql`create index files_own on files (owner_id, created_at, id)`.execute(db)
  await sql`create index files_in_folder on files (owner_id, folder, created_at, id)`.execute(db)
  await sql`create index files_of_blob on files (sha256)`.execute(db)
  // The sum is kept, not counted: an upload takes the row's lock, so two at once cannot both slip under the quota.
  await sql`
    create table usage (
      owner_id uuid primary key,
      files integer not null,
      used_bytes bigint not null
    )`.execute(db)
}
