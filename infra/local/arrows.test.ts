import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t, { type Test } from 'tap'

const script = join(import.meta.dirname, 'arrows.ts')
const room = (name: string) => ({ 'package.json': JSON.stringify({ name: `@portico/${name}` }) })
const use = (specifier: string) => ['import', `{ x } from '${specifier}'`].join(' ')
const useType = (specifier: string) => ['import', `{ type x, type y } from '${specifier}'`].join(' ')

function draw(folder: string) {
  const { status, stderr, stdout } = spawnSync(process.execPath, [script, folder], { encoding: 'utf8' })
  return { status, stderr, stdout }
}

/** A workspace in which one file imports one thing. */
function workspace(t: Test, path: string, source: string): string {
  const parts = path.split('/').reverse()
  const [file = '', ...folders] = parts
  const inner = folders.reduce<Tree>((tree, folder) => ({ [folder]: tree }), { [file]: source })
  return t.testdir(merge(skeleton(), inner))
}

type Tree = { [name: string]: string | Tree }
const skeleton = (): Tree => ({
  gateway: room('gateway'),
  packages: {
    contracts: room('contracts'),
    chassis: room('chassis'),
    testkit: room('testkit'),
    database: room('database'),
  },
  services: { user: room('user'), content: room('content') },
  infra: { local: room('local') },
})
function merge(a: Tree, b: Tree): Tree {
  const merged: Tree = { ...a }
  for (const [name, value] of Object.entries(b)) {
    const known = merged[name]
    merged[name] = typeof known === 'object' && typeof value === 'object' ? merge(known, value) : value
  }
  return merged
}

t.test('what points forward passes', async t => {
  const { status, stdout } = draw(workspace(t, 'services/user/src/app.ts', use('@portico/chassis')))
  t.equal(status, 0)
  t.match(stdout, /services\/user\s+-> chassis/)
})

const refused = [
  ['a package that imports what stands on it', 'packages/database/src/a.ts', '@portico/chassis', /points back/],
  ['a service that imports another', 'services/user/src/a.ts', '@portico/content', /a service imports another/],
  ['a gateway that imports a service', 'gateway/src/a.ts', '@portico/user', /the gateway imports a service/],
  ['testkit outside of tests', 'services/user/src/a.ts', '@portico/testkit', /testkit outside of tests/],
  ['a room entered by a path', 'gateway/src/a.ts', '../../packages/contracts/src/x.ts', /by a path/],
  ['contracts that know somebody', 'packages/contracts/src/a.ts', '@portico/database', /points back/],
] as const
for (const [name, file, specifier, reason] of refused) {
  t.test(`${name} is refused`, async t => {
    const { status, stderr } = draw(workspace(t, file, use(specifier)))
    t.equal(status, 1)
    t.match(stderr, reason)
    t.match(stderr, file)
  })
}

t.test('a test may use testkit', async t => {
  t.equal(draw(workspace(t, 'services/user/test/a.test.ts', use('@portico/testkit'))).status, 0)
})

t.test('files that import each other are refused, unless by types alone', async t => {
  const src = (back: string): Tree => ({ gateway: { src: { 'a.ts': use('./b.ts'), 'b.ts': back } } })
  const circle = draw(t.testdir(merge(skeleton(), src(use('./a.ts')))))
  t.equal(circle.status, 1)
  t.match(circle.stderr, 'gateway/src/a.ts -> gateway/src/b.ts -> gateway/src/a.ts')
  t.equal(draw(t.testdir(merge(skeleton(), src(useType('./a.ts'))))).status, 0)
})
