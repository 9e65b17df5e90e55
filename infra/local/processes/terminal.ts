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
const red = 31
const yellow = 33
const colourOf: Readonly<Record<string, number>> = { warn: yellow, error: red, fatal: red }
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
      // What a stranger put into a path must not steer the terminal of whoever watches.
      const { level, text: unsafe } = readable(line)
      const text = unsafe.replace(/\p{Cc}/gu, '·')
      const shown = text.length > lineLimit ? `${text.slice(0, lineLimit)}…` : text
      const whole = level ? `${level.padEnd(5)} ${shown}` : shown
      const colour = colourOf[level]
      stream.write(`${prefix(name)}${colour ? paint(colour, whole) : whole}\n`)
    },
    note: (name, text) => stream.write(`${prefix(name)}${paint(1, text)}\n`),
    print: text => stream.write(text),
  }
}

/** A log line in JSON as level, message and reason; anything else as it is. */
function readable(line: string): { level: string; text: string } {
  const plain = { level: '', text: line }
  if (!line.startsWith('{')) return plain
  try {
    const value: unknown = JSON.parse(line)
    if (!isRecord(value) || typeof value.msg !== 'string') return plain
    const level = typeof value.level === 'string' ? value.level : ''
    if (value.msg === 'request')
      return { level, text: `${value.method} ${value.path} ${value.status} ${value.durationMs} ms` }
    const reason = isRecord(value.err) && typeof value.err.message === 'string' ? `: ${value.err.message}` : ''
    return { level, text: value.msg + reason }
  } catch {
    return plain
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
