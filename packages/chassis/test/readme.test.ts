import { readFile } from 'node:fs/promises'
import t from 'tap'
import { app } from './example.ts'

t.test('the README shows what runs', async t => {
  const example = await readFile(new URL('./example.ts', import.meta.url), 'utf8')
  t.ok((await readFile(new URL('../README.md', import.meta.url), 'utf8')).includes(example.trim()))
  const made = await app.inject({ method: 'POST', url: '/v1/notes', payload: { text: 'hello' } })
  t.equal(made.statusCode, 201)
  t.same(made.json(), { id: '1', text: 'somebody says hello' })
  const refused = await app.inject({ method: 'POST', url: '/v1/notes', payload: { txt: 'hello' } })
  t.equal(refused.statusCode, 400)
  t.equal((await app.inject('/readyz')).statusCode, 200)
  await app.close()
})
