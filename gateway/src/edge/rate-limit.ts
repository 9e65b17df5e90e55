import { type RateClass, TooManyRequests } from '@portico/contracts'
import { createRateWindow, type RateWindow } from './rate-window.ts'
import type { Visit } from './visit.ts'

/** How many requests of a class one account, or one address without account, may make in a window. */
export interface RateRule {
  readonly perWindow: number
  readonly windowSeconds: number
}
export type LimitedClass = Exclude<RateClass, 'none'>
export type RateRules = Readonly<Record<LimitedClass, RateRule>>

export const rateDefaults: RateRules = {
  read: { perWindow: 3_000, windowSeconds: 60 },
  write: { perWindow: 600, windowSeconds: 60 },
  auth: { perWindow: 120, windowSeconds: 60 },
  upload: { perWindow: 300, windowSeconds: 60 },
}

/** Requests counted elsewhere or here, as gateways tell each other. */
export type Counted = [limitedClass: LimitedClass, key: string, startMs: number, count: number]

export interface RateLimiter {
  /** Counts the visit by its account, else by its address. Throws TooManyRequests. */
  count(visit: Visit): void
  /** Throws TooManyRequests for an address that guesses at sessions: that is limited like signing in. */
  refuseGuesser(visit: Visit): void
  /** Counts what turned out to be no session. */
  countGuess(visit: Visit): void
  takeCounted(): Counted[]
  addCounted(counted: readonly Counted[]): void
}

const mostKeys = 100_000

interface Class {
  readonly window: RateWindow
  readonly rule: RateRule
  /** Draft-ietf-httpapi-ratelimit-headers-11. */
  readonly policyField: string
  readonly limitField: string
}

export function createRateLimiter(clock: () => number, rules: RateRules = rateDefaults): RateLimiter {
  const classes = new Map<string, Class>()
  for (const [name, rule] of Object.entries(rules)) {
    classes.set(name, {
      window: createRateWindow({ windowMs: rule.windowSeconds * 1_000, mostKeys }),
      rule,
      policyField: `"${name}";q=${rule.perWindow};w=${rule.windowSeconds}`,
      limitField: `"${name}";r=`,
    })
  }

  function countIn(limited: Class, key: string, visit: Visit): void {
    const nowMs = clock()
    const used = limited.window.add(key, nowMs)
    const { rule, policyField, limitField } = limited
    const remaining = Math.max(0, Math.floor(rule.perWindow - used))
    const resetSeconds = Math.ceil(limited.window.resetMs(nowMs) / 1_000)
    visit.answerHeaders.push(
      'ratelimit-policy',
      policyField,
      'ratelimit',
      `${limitField}${remaining};t=${resetSeconds}`,
    )
    if (used > rule.perWindow) throw TooManyRequests({ headers: { 'retry-after': String(resetSeconds) } })
  }

  return {
    count(visit) {
      const { route, principal } = visit
      if (route === null || principal?.role === 'operator') return
      const limited = classes.get(route.policy.rateClass)
      if (limited === undefined) return
      countIn(limited, principal === null ? addressKey(visit.clientAddress) : principal.userId, visit)
    },
    refuseGuesser(visit) {
      const limited = classes.get('auth')
      if (limited === undefined) return
      const { rule, window } = limited
      const nowMs = clock()
      // Ten times the rule: who wakes up with an old token tries it more than once.
      if (window.used(guessKey(visit), nowMs) < rule.perWindow * 10) return
      throw TooManyRequests({ headers: { 'retry-after': String(Math.ceil(window.resetMs(nowMs) / 1_000)) } })
    },
    countGuess(visit) {
      classes.get('auth')?.window.add(guessKey(visit), clock())
    },
    takeCounted() {
      const counted: Counted[] = []
      for (const [name, { window }] of classes) {
        for (const [key, startMs, count] of window.takeUnsent())
          counted.push([name as LimitedClass, key, startMs, count])
      }
      return counted
    },
    addCounted(counted) {
      const nowMs = clock()
      for (const [name, key, startMs, count] of counted)
        classes.get(name)?.window.addForeign(key, startMs, count, nowMs)
    },
  }
}

const guessKey = ({ clientAddress }: Visit) => `guess ${addressKey(clientAddress)}`

/** One household has one IPv6 network of 64 bits, and as many addresses in it as it likes. */
export function addressKey(address: string): string {
  if (!address.includes(':')) return address
  const [head = '', tail] = address.split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length
  const groups = [...before, ...new Array<string>(Math.max(0, zeros)).fill('0'), ...after]
  return `${groups.slice(0, 4).join(':')}::/64`
}
