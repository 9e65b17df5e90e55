import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import type { RunningSystem } from '../support/system.ts'
import { run } from '../support/tool.ts'

const root = new URL('../../../', import.meta.url)
const section = /^## The first five minutes$[\s\S]*?^```sh\n([\s\S]*?)^```$/m

/** The README's commands, as they stand there; only where the system is differs. */
export async function firstMinutes(t: Test, system: RunningSystem): Promise<void> {
  const [, commands] = section.exec(readFileSync(new URL('README.md', root), 'utf8')) ?? []
  if (!commands) throw new Error('README.md has no commands for the first five minutes')
  const here = commands
    .replaceAll('http://localhost:8080', system.url)
    .replaceAll('.portico/operator-token', `${system.stateFolder}/operator-token`)
  t.not(here, commands)
  const env = { HOME: t.testdir(), PORTICO_STATE: system.stateFolder }
  const { code, stdout, stderr } = await run('bash', ['-euo', 'pipefail', '-c', here], env, fileURLToPath(root))
  t.equal(code, 0, `${stdout}\n${stderr}`)
  for (const said of [
    '"status":"verification_sent"',
    '"handle":"ada"',
    'Posts:  1 added, 0 were there already',
    '<p>It <em>works</em>.</p>',
    'GET /v1/posts/:idOrSlug',
  ]) {
    t.ok(stdout.includes(said), `${said} in:\n${stdout}`)
  }
}
