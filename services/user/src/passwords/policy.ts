import { PasswordRejected, passwordLength } from '@portico/contracts/user'
import { normalisePassword, passwordSize } from './normalise.ts'

/** Folded passwords that are known to be common. */
export type Blocklist = ReadonlySet<string>

/** What a guesser would try first for this person. */
export interface PasswordContext {
  email?: string | null
  handle?: string | null
  name?: string | null
}

export type Weakness = 'short' | 'common' | 'repetition' | 'sequence' | 'context'

const reasons: Record<Weakness, string> = {
  short: `It has fewer than ${passwordLength.least} characters.`,
  common: 'It is on the list of common passwords.',
  repetition: 'It repeats the same few characters.',
  sequence: 'It follows the keyboard or the alphabet.',
  context: 'It is made of the address, the handle, the name or the name of this system.',
}

/**
 * Refuses a password that is easy to guess: by length, list and context, with no rules of composition
 * (NIST SP 800-63B-4, section 3.1.1.2).
 *
 * @param pointer where the password lies in the request: `#/password`
 * @throws {ProblemError} `password_rejected`
 */
export function requireStrong(password: string, context: PasswordContext, blocklist: Blocklist, pointer: string): void {
  const weakness = weaknessOf(password, context, blocklist)
  if (weakness === null) return
  throw PasswordRejected({ detail: reasons[weakness], errors: [{ pointer, in: 'body', detail: reasons[weakness] }] })
}

/** Why the password is easy to guess, or null. */
export function weaknessOf(password: string, context: PasswordContext, blocklist: Blocklist): Weakness | null {
  const normal = normalisePassword(password)
  if (passwordSize(normal) < passwordLength.least) return 'short'
  const folded = fold(normal)
  const plain = fold(unleet(normal))
  if ([folded, plain].some(text => isListed(text, blocklist))) return 'common'
  if (repeats(normal.toLowerCase())) return 'repetition'
  if (withoutSequences(normal.toLowerCase()).length < 5) return 'sequence'
  if ([folded, plain].some(text => isContext(text, context, blocklist))) return 'context'
  return null
}

/** Lower case, letters and digits only: `Pass word-1!` and `password1` are one guess. */
export const fold = (text: string): string => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '')

const substitutions: Record<string, string> = {
  '@': 'a',
  '4': 'a',
  '3': 'e',
  '1': 'i',
  '!': 'i',
  '0': 'o',
  $: 's',
  '5': 's',
  '7': 't',
}
const unleet = (text: string): string =>
  text.toLowerCase().replace(/[@431!0$57]/g, character => substitutions[character] ?? '')

/** Digits put before or after a common password are the first thing a guesser adds. */
const trimmed = (text: string): string => text.replace(/^\p{N}+|\p{N}+$/gu, '')
const isListed = (text: string, blocklist: Blocklist): boolean => blocklist.has(text) || blocklist.has(trimmed(text))

/** A short unit over and over, or fewer than five different characters. */
const repeats = (text: string): boolean => new Set(text).size < 5 || /^(.{1,8})\1+.{0,2}$/su.test(text)

const walks = [
  'abcdefghijklmnopqrstuvwxyz',
  '01234567890123456789',
  'qwertyuiop[]',
  'asdfghjkl;',
  'zxcvbnm,./',
  'qwertzuiop',
  'azertyuiop',
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/',
  'qazwsxedcrfvtgbyhnujmikolp',
  '!@#$%^&*()_+',
]
const allWalks = [...walks, ...walks.map(walk => [...walk].reverse().join(''))]

/** The text without its runs of four or more along a walk. */
export function withoutSequences(text: string): string {
  let rest = ''
  let at = 0
  while (at < text.length) {
    const length = runAt(text, at)
    if (length < 4) rest += text[at]
    at += Math.max(1, length < 4 ? 1 : length)
  }
  return rest
}

function runAt(text: string, start: number): number {
  let longest = 0
  for (const walk of allWalks) {
    for (let from = walk.indexOf(text[start] ?? ''); from >= 0; from = walk.indexOf(text[start] ?? '', from + 1)) {
      let length = 1
      while (start + length < text.length && walk[from + length] === text[start + length]) length += 1
      longest = Math.max(longest, length)
    }
  }
  return longest
}

/** What is left when the words of the person and of this system are taken out is no secret by itself. */
function isContext(text: string, { email, handle, name }: PasswordContext, blocklist: Blocklist): boolean {
  const [local = '', domain = ''] = (email ?? '').split('@')
  const words = [
    local,
    ...local.split(/[._+-]/),
    ...domain.split('.'),
    handle ?? '',
    ...(name ?? '').split(/\s+/),
    name ?? '',
  ]
  const known = [...new Set([...words.map(fold), 'portico'])].filter(word => word.length >= 4)
  let rest = text
  for (const word of known.sort((a, b) => b.length - a.length)) rest = rest.replaceAll(word, '')
  if (rest === text) return false
  return trimmed(rest).length < 8 || isListed(rest, blocklist)
}
