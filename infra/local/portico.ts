import { join } from 'node:path'
import { openHouse } from './tool/house.ts'
import { commandNames, loadCommand } from './tool/load.ts'

/** `npm run portico -- <command>`: the operator's tool. Each command is a file in `commands/`. */
const root = join(import.meta.dirname, '..', '..')
const folder = join(import.meta.dirname, 'commands')
const wrongArguments = 64

const print = (line: string) => process.stdout.write(`${line}\n`)
const tell = (line: string) => process.stderr.write(`${line}\n`)

process.exitCode = await main(process.argv.slice(2))

async function main(all: readonly string[]): Promise<number> {
  const [name, ...args] = all.filter(arg => !['--json', '--help', '-h'].includes(arg))
  const help = all.includes('--help') || all.includes('-h')
  if (name === undefined) {
    print(await overview())
    return help ? 0 : wrongArguments
  }
  const command = await loadCommand(folder, name)
  if (!command) {
    tell(`There is no command ${name}.\n\n${await overview()}`)
    return wrongArguments
  }
  if (help) {
    print(command.usage.trimEnd())
    return 0
  }
  try {
    return await command.run(args, { house: openHouse(root, process.env), json: all.includes('--json'), print, tell })
  } catch (error) {
    tell(error instanceof Error ? error.message : String(error))
    return isAboutArguments(error) ? wrongArguments : 1
  }
}

function isAboutArguments(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
}

async function overview(): Promise<string> {
  const lines = await Promise.all(
    commandNames(folder).map(async name => `  ${name.padEnd(14)} ${(await loadCommand(folder, name))?.summary ?? ''}`),
  )
  return [
    'npm run portico -- <command> [--json] [--help]',
    '',
    ...lines,
    '',
    'PORTICO_URL and PORTICO_TOKEN name another system than the one started in this folder.',
  ].join('\n')
}
