import { existsSync, readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { createClient, type Session, tokenSession } from '@portico/client'
import * as content from '@portico/contracts/content'
import * as file from '@portico/contracts/file'
import { type ImportReport, importBlog } from '../blog/import-blog.ts'
import type { Command, CommandContext } from '../tool/command.ts'
import { createProgressView } from '../tool/progress.ts'

const usage = `npm run portico -- import FOLDER [--url URL] [--token-file FILE] [--json]

Moves a blog in through the public API: a folder of Markdown files with front matter and images, as Hugo, Jekyll, Ghost
exports and the Node.js site keep them. Authors, dates, tags, slugs, images and links come along. Running it again adds
nothing. What cannot be read is listed with its reason, and the rest goes on.

  --url URL           another gateway than the one started in this folder
  --token-file FILE   a file with the bearer token of an operator or admin; the operator's of this folder when absent
  --json              one document at the end: { posts, images, refused }

Exit code: 0 when it went through, with or without refusals; 1 when it could not, or nothing was found; 64 for wrong arguments.

  npm run portico -- import ../my-blog
`
const wrongArguments = 64
/** The rate limit of an account is a minute long: whoever moves thousands of posts waits it out instead of giving up. */
const patient = { attempts: 12, baseMs: 250, mostMs: 61_000 }

export const command: Command = {
  summary: 'Move a blog in: Markdown files and images',
  usage,
  async run(args, context) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { url: { type: 'string' }, 'token-file': { type: 'string' } },
    })
    const [given] = positionals
    if (given === undefined || positionals.length > 1) {
      context.tell(usage.trimEnd())
      return wrongArguments
    }
    const folder = fromHere(given)
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw new Error(`There is no folder ${given}`)
    const { house } = context
    const client = createClient({
      baseUrl: values.url ?? house.url,
      operations: { ...content, ...file },
      session: sessionFrom(values['token-file']) ?? house.operator(),
      retry: patient,
    })
    const view = createProgressView(process.stderr)
    const startedAtMs = performance.now()
    const report = await importBlog({ folder, client, onProgress: view.show }).finally(() => view.end())
    show(report, (performance.now() - startedAtMs) / 1_000, context)
    const isThere = report.posts.added + report.posts.alreadyThere > 0
    if (!isThere) context.tell('No post came in: is this the folder of a blog?')
    return isThere ? 0 : 1
  },
}

function sessionFrom(given: string | undefined): Session | null {
  if (given === undefined) return null
  const path = fromHere(given)
  if (!existsSync(path)) throw new Error(`There is no file ${given}`)
  return tokenSession({ accessToken: readFileSync(path, 'utf8').trim() })
}

/** npm runs its scripts at the root of the workspace, and says where it was called. */
function fromHere(path: string): string {
  return resolve(process.env.INIT_CWD ?? process.cwd(), path)
}

function show(report: ImportReport, seconds: number, { json, print }: CommandContext): void {
  if (json) {
    print(JSON.stringify(report))
    return
  }
  const { posts, images, refused } = report
  print(`Posts:  ${posts.added} added, ${posts.alreadyThere} were there already`)
  print(`Images: ${images.added} added, ${images.alreadyThere} were there already`)
  if (refused.length > 0) print(`Left out (${refused.length}):`)
  for (const { source, reason } of refused) print(`  ${source}: ${reason}`)
  print(`Done in ${seconds.toFixed(1)} s.`)
}
