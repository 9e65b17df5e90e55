/** What a cache reads out of one Cache-Control-like field. Seconds; null: not said. */
export interface Directives {
  readonly maxAge: number | null
  readonly sMaxAge: number | null
  readonly staleWhileRevalidate: number | null
  readonly staleIfError: number | null
  readonly minFresh: number | null
  /** Infinity: any staleness is accepted. */
  readonly maxStale: number | null
  readonly noStore: boolean
  /** Unqualified. With field names it only means those fields, which `noCacheFields` has. */
  readonly noCache: boolean
  readonly noCacheFields: readonly string[]
  readonly isPrivate: boolean
  readonly privateFields: readonly string[]
  readonly isPublic: boolean
  readonly mustRevalidate: boolean
  readonly proxyRevalidate: boolean
  readonly mustUnderstand: boolean
  readonly noTransform: boolean
  readonly onlyIfCached: boolean
}

/** RFC 9111, section 1.2.2: larger numbers are taken for this. */
const longestSeconds = 2_147_483_648

const silent: Directives = {
  maxAge: null,
  sMaxAge: null,
  staleWhileRevalidate: null,
  staleIfError: null,
  minFresh: null,
  maxStale: null,
  noStore: false,
  noCache: false,
  noCacheFields: [],
  isPrivate: false,
  privateFields: [],
  isPublic: false,
  mustRevalidate: false,
  proxyRevalidate: false,
  mustUnderstand: false,
  noTransform: false,
  onlyIfCached: false,
}

type Mutable = { -readonly [Key in keyof Directives]: Directives[Key] }

// One element of the list: whatever stands between two commas that are in no quoted string. A string that does not end
// takes the rest with it.
const element = /((?:[^",]|"(?:[^"\\]|\\.)*(?:"|$))+),?|,/gy
// No space around `=`: with one it is no directive that anybody defined.
const directive = /^\s*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([^\s,;"]*)))?\s*$/

/**
 * Reads `Cache-Control` or a targeted field of the same grammar (RFC 9111, section 5.2; RFC 9213). Unknown directives are
 * ignored. Of two values of one directive the more cautious counts; a broken age means: stale (section 4.2.1).
 */
export function readDirectives(field: string | undefined): Directives {
  if (field === undefined || field === '') return silent
  const found: Mutable = { ...silent }
  for (const [, text = ''] of field.matchAll(element)) {
    const [, name, quoted, plain] = directive.exec(text) ?? []
    if (name !== undefined) take(found, name.toLowerCase(), quoted ?? plain, quoted !== undefined)
  }
  return found
}

function take(found: Mutable, name: string, value: string | undefined, quoted: boolean): void {
  switch (name) {
    case 'max-age':
      found.maxAge = least(found.maxAge, secondsOf(value))
      break
    case 's-maxage':
      found.sMaxAge = least(found.sMaxAge, secondsOf(value))
      break
    case 'stale-while-revalidate':
      found.staleWhileRevalidate = least(found.staleWhileRevalidate, secondsOf(value))
      break
    case 'stale-if-error':
      found.staleIfError = least(found.staleIfError, secondsOf(value))
      break
    case 'min-fresh':
      found.minFresh = secondsOf(value)
      break
    case 'max-stale':
      found.maxStale = value === undefined ? Number.POSITIVE_INFINITY : secondsOf(value)
      break
    case 'no-cache':
      if (quoted && value) found.noCacheFields = [...found.noCacheFields, ...namesIn(value)]
      else found.noCache = true
      break
    case 'private':
      if (quoted && value) found.privateFields = [...found.privateFields, ...namesIn(value)]
      else found.isPrivate = true
      break
    default:
      if (isFlag(name)) found[flags[name]] = true
  }
}

const flags = {
  'no-store': 'noStore',
  public: 'isPublic',
  'must-revalidate': 'mustRevalidate',
  'proxy-revalidate': 'proxyRevalidate',
  'must-understand': 'mustUnderstand',
  'no-transform': 'noTransform',
  'only-if-cached': 'onlyIfCached',
} as const

const isFlag = (name: string): name is keyof typeof flags => Object.hasOwn(flags, name)

const least = (before: number | null, now: number) => (before === null ? now : Math.min(before, now))

/** delta-seconds; anything else counts as 0. */
export function secondsOf(value: string | undefined): number {
  if (value === undefined || !/^\d+$/.test(value)) return 0
  return Math.min(Number(value), longestSeconds)
}

const namesIn = (list: string) =>
  list
    .toLowerCase()
    .split(',')
    .map(name => name.trim())
    .filter(name => name !== '')
