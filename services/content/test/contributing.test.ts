import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'

const root = join(import.meta.dirname, '..', '..', '..')
const guide = await readFile(join(root, 'CONTRIBUTING.md'), 'utf8')

/** However deep it is indented. */
const flat = (code: string) => code.replace(/^ +/gm, '')

t.test('the code that CONTRIBUTING.md quotes is in the file that it names', async t => {
  const quotes = [...guide.matchAll(/```ts\n\/\/ (\S+)\n([\s\S]*?)```/g)]
  t.equal(quotes.length, guide.match(/```ts/g)?.length, 'every quote names its file')
  for (const [, path = '', code = ''] of quotes) {
    const file = await readFile(join(root, path), 'utf8')
    t.ok(flat(file).includes(flat(code)), `${path}: ${code.slice(0, 60).trim()}`)
  }
})

t.test('the files and folders that it names are there', async t => {
  const named = [...guide.matchAll(/`((?:services|packages|docs|gateway|infra)\/[\w./-]+)`/g)].map(
    ([, path = '']) => path,
  )
  t.ok(named.length > 10)
  for (const path of new Set(named)) t.ok(existsSync(join(root, path)), path)
  for (const path of ['src/main.ts', 'src/db/stores.ts', 'src/consumers.ts', 'src/jobs.ts', 'src/db/tables.ts']) {
    t.ok(guide.includes(`\`${path}\``) && existsSync(join(root, 'services/content', path)), path)
  }
})
