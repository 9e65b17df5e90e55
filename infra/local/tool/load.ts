import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from './command.ts'

/** The commands there are: the files of the folder. */
export function commandNames(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter(name => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map(name => name.slice(0, -'.ts'.length))
    .sort()
}

/** @returns null when there is none of that name */
export async function loadCommand(folder: string, name: string): Promise<Command | null> {
  if (!commandNames(folder).includes(name)) return null
  const { command }: { command?: Command } = await import(join(folder, `${name}.ts`))
  if (!command) throw new TypeError(`${name}.ts exports no command`)
  return command
}
