/** Reads one variable: the value, or what is wrong with it. Absent is `undefined`; empty counts as absent. */
export type Reader<T> = (given: string | undefined) => { value: T } | { wrong: string }
export type Readers = Readonly<Record<string, Reader<unknown>>>
/** What a shape reads to. */
export type ValuesOf<Shape extends Readers> = { [Name in keyof Shape]: Shape[Name] extends Reader<infer T> ? T : never }

/** sysexits.h: EX_CONFIG. */
const exitForConfiguration = 78

/**
 * Reads the variables a process is configured by. All mistakes are listed at once as `NAME: what is wrong`, never with
 * the value, which may be a secret; then the process ends with 78.
 *
 * @param refuse what to do with the mistakes instead
 * @example
 * const { PORT, DATABASE_URL } = readEnvironment(process.env, { PORT: integer({ min: 0, max: 65_535, or: 0 }), DATABASE_URL: url() })
 */
export function readEnvironment<const Shape extends Readers>(
  env: Readonly<Record<string, string | undefined>>,
  shape: Shape,
  refuse: (mistakes: readonly string[]) => never = refuseToStart,
): ValuesOf<Shape> {
  const mistakes: string[] = []
  const values: Record<string, unknown> = {}
  for (const [name, reader] of Object.entries(shape)) {
    const read = reader(env[name] === '' ? undefined : env[name])
    if ('wrong' in read) mistakes.push(`${name}: ${read.wrong}`)
    else values[name] = read.value
  }
  if (mistakes.length > 0) refuse(mistakes)
  return values as ValuesOf<Shape>
}

function refuseToStart(mistakes: readonly string[]): never {
  process.stderr.write(`The environment is not right:\n${mistakes.map(mistake => `  ${mistake}\n`).join('')}`)
  process.exit(exitForConfiguration)
}

/** `or`: the value when it is absent; without it the variable is required. `or: null` makes it optional. */
interface Absent<Or> {
  or?: Or
}

function reader<T, Or>(
  options: Absent<Or>,
  read: (given: string) => { value: T } | { wrong: string },
): Reader<T | NoInfer<Or>> {
  return given => {
    if (given !== undefined) return read(given)
    return 'or' in options && options.or !== undefined ? { value: options.or } : { wrong: 'is required' }
  }
}

export function text<Or = never>(
  options: Absent<Or> & { pattern?: RegExp; means?: string } = {},
): Reader<string | NoInfer<Or>> {
  const { pattern, means = 'of the expected form' } = options
  return reader(options, given => (pattern && !pattern.test(given) ? { wrong: `must be ${means}` } : { value: given }))
}

export function integer<Or = never>(
  options: Absent<Or> & { min?: number; max?: number } = {},
): Reader<number | NoInfer<Or>> {
  return numeric(options, /^-?\d{1,15}$/, 'a whole number')
}

export function number<Or = never>(
  options: Absent<Or> & { min?: number; max?: number } = {},
): Reader<number | NoInfer<Or>> {
  return numeric(options, /^-?\d{1,15}(?:\.\d{1,15})?$/, 'a number')
}

function numeric<Or>(
  options: Absent<Or> & { min?: number; max?: number },
  pattern: RegExp,
  means: string,
): Reader<number | NoInfer<Or>> {
  const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = options
  return reader(options, given => {
    const value = Number(given)
    if (!pattern.test(given)) return { wrong: `must be ${means}` }
    return value < min || value > max ? { wrong: `must lie between ${min} and ${max}` } : { value }
  })
}

/** The text of the URL, as the libraries want it. */
export function url<Or = never>(
  options: Absent<Or> & { protocols?: readonly string[] } = {},
): Reader<string | NoInfer<Or>> {
  const { protocols } = options
  return reader(options, given => {
    if (!URL.canParse(given)) return { wrong: 'must be a URL' }
    const known = !protocols || protocols.includes(new URL(given).protocol.slice(0, -1))
    return known ? { value: given } : { wrong: `must begin with ${protocols.map(name => `${name}://`).join(' or ')}` }
  })
}

/** Comma-separated; without empty entries. */
export function list<Or = never>(options: Absent<Or> = {}): Reader<readonly string[] | NoInfer<Or>> {
  return reader(options, given => {
    const items = given.split(',').map(item => item.trim())
    return { value: items.filter(item => item !== '') }
  })
}

export function choice<const Choice extends string, const Or = never>(
  choices: readonly Choice[],
  options: Absent<Or> = {},
): Reader<Choice | NoInfer<Or>> {
  return reader(options, given => {
    const value = choices.find(one => one === given)
    return value === undefined ? { wrong: `must be one of ${choices.join(', ')}` } : { value }
  })
}

/** `on` or `off`. */
export function flag(options: { or?: boolean } = {}): Reader<boolean> {
  return reader<boolean, boolean>(options, given => {
    if (given === 'on' || given === 'off') return { value: given === 'on' }
    return { wrong: 'must be on or off' }
  })
}

/** `check` throws, or returns what it read. */
export function json<T, Or = never>(check: (value: unknown) => T, options: Absent<Or> = {}): Reader<T | NoInfer<Or>> {
  return reader(options, given => {
    try {
      return { value: check(JSON.parse(given)) }
    } catch {
      return { wrong: 'must be JSON of the expected form' }
    }
  })
}
