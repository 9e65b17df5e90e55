import type { Client } from 'pg'

export const size = { authors: 1_000, posts: 100_000, tags: 200 }

/**
 * Posts as a blog has them, each with three tags and 4 kB of Markdown. Written with SQL, since the API would take a
 * quarter of an hour.
 */
export async function seed(client: Client): Promise<void> {
  await client.query(`
    insert into authors (user_id, handle, name, updated_at)
    select ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'author-' || n, 'Author Number ' || n, now()
    from generate_series(1, ${size.authors}) n`)
  await client.query(`insert into tags (name) select 'tag-' || n from generate_series(1, ${size.tags}) n`)
  await client.query(`
    insert into posts (id, author_id, slug, title, excerpt, tag_ids, status, created_at, updated_at, published_at)
    select ('00000000-0000-7000-9000-' || lpad(n::text, 12, '0'))::uuid,
      ('00000000-0000-7000-8000-' || lpad((1 + n % ${size.authors})::text, 12, '0'))::uuid,
      'post-number-' || n, 'The title of post number ' || n, repeat('An excerpt of some words. ', 8),
      concat_ws(',', 1 + n % 197, 1 + n % 193, 1 + n % 191), 'published', at, at, at
    from generate_series(1, ${size.posts}) n, lateral (select timestamptz '2010-01-01' + n * interval '1 hour' as at) t`)
  await client.query(`insert into post_slugs (slug, post_id) select slug, id from posts`)
  await client.query(`
    insert into post_revisions (post_id, revision, slug, title, body, html, tag_ids, byline, editor_id, created_at)
    select id, 1, slug, title, text, '<p>' || text || '</p>', tag_ids, '', author_id, created_at
    from posts, lateral (select string_agg(md5(id::text || part), ' ') as text from generate_series(1, 120) part) t`)
  await client.query(`
    insert into post_tags (post_id, tag_id, published_at)
    select distinct id, unnest(string_to_array(tag_ids, ','))::int, published_at from posts`)
  // As the job does.
  await client.query(`
    with taken as (delete from tag_changes returning tag_id, by)
    update tags set posts = sums.posts from (select tag_id, sum(by) as posts from taken group by tag_id) sums
    where id = sums.tag_id`)
  await client.query('vacuum (analyze) posts, authors, post_tags, post_slugs, post_revisions, tags')
  await client.query('checkpoint')
}
