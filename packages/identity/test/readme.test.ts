import { readFile } from 'node:fs/promises'
import t from 'tap'
import { expiresAt, principal, verdict } from './example.ts'

t.test('the README shows what runs', async t => {
  const example = await readFile(new URL('./example.ts', import.meta.url), 'utf8')
  t.ok((await readFile(new URL('../README.md', import.meta.url), 'utf8')).includes(example.trim()))
  t.match(principal, { role: 'author', handle: 'ada' })
  t.equal(verdict, 'yes')
  t.ok(expiresAt.getTime() > Date.now())
})
