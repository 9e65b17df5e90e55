import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { readComposeFile } from './compose-file.ts'

const root = join(import.meta.dirname, '..', '..', '..')
const lines = readFileSync(join(root, 'infra', 'images', 'Dockerfile'), 'utf8').split('\n')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const instructions = (name: string) => lines.filter(line => line.startsWith(`${name} `))
const copies = instructions('COPY').map(line => line.split(/\s+/).slice(1))

t.test('it runs the Node and installs with the pnpm of the workspace', async t => {
  t.match(instructions('FROM')[0], `FROM node:${manifest.devDependencies.node}-`)
  t.ok(lines.includes(`RUN npm install --global ${manifest.packageManager}`))
})

t.test('it copies what exists, and the manifest of every room it holds to its own place', async t => {
  const sources = copies.flatMap(paths => paths.slice(0, -1))
  for (const source of sources) t.ok(existsSync(join(root, source)), source)
  const rooms = globSync(['gateway', 'services/*', 'packages/*', 'infra/local'], { cwd: root })
  const manifests = rooms.map(room => `${room}/package.json`).filter(file => existsSync(join(root, file)))
  for (const file of manifests) t.strictSame(copies.find(([source]) => source === file)?.[1], `${dirname(file)}/`)
})

t.test('no stage that is used runs as root', async t => {
  const stages = lines
    .join('\n')
    .split(/^FROM /m)
    .slice(1)
  const { compose } = readComposeFile(root)
  const targets = Object.values(compose.services).flatMap(({ build }) => (build ? [build.target] : []))
  for (const target of new Set(targets)) {
    const stage = stages.find(stage => stage.split('\n')[0]?.endsWith(` AS ${target}`))
    t.match(stage, /^USER node$/m, target)
  }
})
