import { readFile } from 'node:fs/promises'
import t from 'tap'
import { digest, document } from './example.ts'

t.test('the README shows what runs', async t => {
  const example = await readFile(new URL('./example.ts', import.meta.url), 'utf8')
  t.ok((await readFile(new URL('../README.md', import.meta.url), 'utf8')).includes(example.trim()))
  t.match(document, { service: 'notes', operations: [{ id: 'getNote', policy: { access: 'public' } }] })
  t.match(digest, /^[0-9a-f]{64}$/)
})
