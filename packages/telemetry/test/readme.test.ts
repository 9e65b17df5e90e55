import { readFile } from 'node:fs/promises'
import { capturedSpans, eventually } from '@portico/testkit'
import t from 'tap'
import { start } from './example.ts'

t.test('the README shows what runs', async t => {
  const example = await readFile(new URL('./example.ts', import.meta.url), 'utf8')
  t.ok((await readFile(new URL('../README.md', import.meta.url), 'utf8')).includes(example.trim()))
  const receiver = await capturedSpans(t)
  const app = await start(receiver.url)
  t.equal((await app.inject('/notes/7')).statusCode, 200)
  await app.close()
  await eventually(() => receiver.spans().length === 2)
  t.same(new Set(receiver.spans().map(({ name }) => name)), new Set(['GET /notes/:id', 'render note']))
})
