import { hash, verify } from '@node-rs/argon2'
import { Overloaded } from '@portico/contracts'
import { createGate, type Gate } from './gate.ts'
import { normalisePassword } from './normalise.ts'

/** OWASP's first choice for argon2id: 19 MiB, two passes, one lane. The library's default algorithm is argon2id. */
const parameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const

export interface Hasher {
  /** The PHC string to store. */
  hash(password: string): Promise<string>
  /**
   * Whether the password belongs to the stored hash. Without one (no such account, or an account without a password) the
   * same work is done against a hash that nothing matches, so that time tells nothing.
   */
  verify(stored: string | null, password: string): Promise<boolean>
  /** How many hashes were computed since the start. */
  computed(): number
}

/**
 * Password hashing, a few at a time: each takes 19 MiB and a thread of the pool for about 15 ms. What finds the queue
 * full is refused at once.
 *
 * @throws {ProblemError} `overloaded`
 */
export async function createHasher({ concurrency = 2, queueLimit = 64 } = {}): Promise<Hasher> {
  const gate: Gate = createGate({
    concurrency,
    queueLimit,
    refuse: () => Overloaded({ headers: { 'retry-after': '1' } }),
  })
  const nobody = await hash(crypto.getRandomValues(new Uint8Array(32)), parameters)
  let computed = 0

  return {
    hash: password =>
      gate(async () => {
        computed += 1
        return hash(normalisePassword(password), parameters)
      }),
    verify: (stored, password) =>
      gate(async () => {
        computed += 1
        const matches = await verify(stored ?? nobody, normalisePassword(password))
        return matches && stored !== null
      }),
    computed: () => computed,
  }
}
