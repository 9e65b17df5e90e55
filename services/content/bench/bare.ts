import { createServer } from 'node:http'
import pg from 'pg'

// What the first page costs without a house around it: Node's own server, one named statement, JSON.stringify.
// On a busy machine everything costs more CPU, so the rows of a run are to be read beside this one.

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 })
const statement = {
  name: 'list',
  text: `select p.id, p.slug, p.title, p.excerpt, p.tag_ids, p.byline, p.cover_file_id, p.comment_count, p.reaction_count,
      p.revision, p.created_at::text, p.updated_at::text, p.published_at::text, a.handle, a.name, a.avatar_file_id
    from posts p, lateral (select * from authors where user_id = p.author_id limit 1) a
    where p.status = 'published' order by p.published_at desc, p.id desc limit 21`,
}

createServer(async (_request, response) => {
  const { rows } = await pool.query(statement)
  response.setHeader('content-type', 'application/json').end(JSON.stringify({ items: rows }))
}).listen(Number(process.env.PORT), '127.0.0.1')
