import type { House } from './house.ts'

/** One thing the tool can do: `infra/local/commands/<name>.ts` exports it as `command`. */
export interface Command {
  /** One line for the list of commands. */
  readonly summary: string
  /** What `--help` shows: arguments, options, an example. */
  readonly usage: string
  /**
   * @param args without the command's own name, `--json` and `--help`
   * @returns the exit code: 0 done, 1 something failed, 64 wrong arguments
   */
  run(args: readonly string[], context: CommandContext): Promise<number>
}

export interface CommandContext {
  /** The system it speaks to. */
  readonly house: House
  /** With `--json`: one JSON document on stdout, and nothing else there. */
  readonly json: boolean
  /** A line for people, on stdout. */
  readonly print: (line: string) => void
  /** Progress and complaints, on stderr. */
  readonly tell: (line: string) => void
}
