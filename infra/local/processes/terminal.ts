/** What people see: one line an event, prefixed with who said it. */
export interface Terminal {
  /** A line of a process, JSON as our services write it or plain text. */
  said(name: string, line: string): void
  /** What the supervisor has to say of a process. */
  note(name: string, text: string): void
  /** Text as it is. */
  print(text: string): void
}

interface Stream {
  readonly isTTY?: boolean
  write(text: string): unknown
}

const palette = [36, 33, 35, 34, 32, 96, 93, 95, 94, 92]
const levels: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
}
const warn = 40
const nameWidth = 14
const lineLimit = 2_000

export function createTerminal(stream: Stream): Terminal {
  const colours = new Map<string, number>()
  const paint = (code: number, text: string) => (stream.isTTY ? `\u001b[${code}m${text}\u001b[0m` : text)
  const prefix = (name: string) => {
    const colour = colours.get(name) ?? palette[colours.size % palette.length] ?? 36
    colours.set(name, colour)
    return paint(colour, `${name.padEnd(nameWidth)} │ `)
  }
  return {
    said(name, line) {
      const { level, text } = readable(line)
      const shown = text.length > lineLimit ? `${text.slice(0, lineLimit)}…` : text
      const colour = level >= warn ? (level > warn ? 31 : 33) : null
      const label = level > 0 ? `${(levels[level] ?? String(level)).padEnd(5)} ` : ''
      stream.write(`${prefix(name)}${colour ? paint(colour, label + shown) : label + shown}\n`)
    },
    note: (name, text) => stream.write(`${prefix(name)}${paint(1, text)}\n`),
    print: text => stream.write(text),
  }
}

/** A log line in JSON as level, message and reason; anything else as it is. */
function readable(line: string): { level: number; text: string } {
  if (!line.startsWith('{')) return { level: 0, text: line }
  try {
    const value: unknown = JSON.parse(line)
    if (!isRecord(value)) return { level: 0, text: line }
    const reason = isRecord(value.err) ? value.err.message : undefined
    const text = [value.msg, reason].filter(part => typeof part === 'string' && part !== '').join(': ')
    return { level: typeof value.level === 'number' ? value.level : 0, text: text || line }
  } catch {
    return { level: 0, text: line }
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
