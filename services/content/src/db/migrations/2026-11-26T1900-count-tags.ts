import { type Kysely, sql } from 'kysely'

/**
 * How many published posts have a tag, kept instead of counted: `tags.posts`, and in `tag_changes` what is not added up
 * yet. Whoever publishes only inserts there, so two writers of one tag never wait for each other; a job adds up. By
 * triggers, since posts also go by a cascade, and since the version before this one writes too.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  // Nobody links a tag between the count and the triggers.
  await sql`lock table post_tags in share row exclusive mode`.execute(db)
  await sql`alter table tags add column posts integer not null default 0`.execute(db)
  await sql`
    update tags set posts = counted.posts
    from (select tag_id, count(*) as posts from post_tags where published_at is not null group by tag_id) counted
    where counted.tag_id = tags.id`.execute(db)
  await sql`
    create table tag_changes (
      id bigint generated always as identity primary key,
      tag_id integer not null,
      by integer not null
    )`.execute(db)
  await sql`create index tag_changes_of_tag on tag_changes (tag_id) include (by)`.execute(db)
  await sql`
    create function count_tags() returns trigger language plpgsql as $$
    begin
      if tg_op = 'INSERT' then
        insert into tag_changes (tag_id, by)
          select tag_id, count(*) from new_rows where published_at is not null group by tag_id;
      elsif tg_op = 'DELETE' then
        insert into tag_changes (tag_id, by)
          select tag_id, -count(*) from old_rows where published_at is not null group by tag_id;
      else
        insert into tag_changes (tag_id, by)
          select tag_id, sum(by) from (
            select tag_id, 1 as by from new_rows where published_at is not null
            union all select tag_id, -1 from old_rows where published_at is not null
          ) moves group by tag_id having sum(by) <> 0;
      end if;
      return null;
    end $$`.execute(db)
  await sql`
    create trigger count_tags_linked after insert on post_tags referencing new table as new_rows
    for each statement execute function count_tags()`.execute(db)
  await sql`
    create trigger count_tags_unlinked after delete on post_tags referencing old table as old_rows
    for each statement execute function count_tags()`.execute(db)
  await sql`
    create trigger count_tags_moved after update on post_tags referencing old table as old_rows new table as new_rows
    for each statement execute function count_tags()`.execute(db)
}
