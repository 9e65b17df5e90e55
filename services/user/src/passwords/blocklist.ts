import { readFile } from 'node:fs/promises'
import { type Blocklist, fold } from './policy.ts'

/** Reads the committed list of common long passwords. One a line; `#` begins a comment. */
export async function readBlocklist(): Promise<Blocklist> {
  const text = await readFile(new URL('common-passwords.txt', import.meta.url), 'utf8')
  const entries = text.split('\n').filter(line => line !== '' && !line.startsWith('#'))
  return new Set(entries.map(fold))
}
