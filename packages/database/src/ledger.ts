import { createHash } from 'node:crypto'
import { IdempotencyKeyReused, RequestInFlight } from '@portico/contracts'
import { type Kysely, sql, type Transaction } from 'kysely'
import { seal, unseal } from './ledger-cipher.ts'

/** An answer as it is kept: what JSON can hold. A replay gives back what JSON makes of it. */
export interface StoredAnswer {
  status?: number
  headers?: Record<string, string>
  body: unknown
}

export interface LedgerRequest {
  /** Whose key it is: an account, or an address. Keys of two scopes never meet. */
  scope: string
  /** The client's `Idempotency-Key`. */
  key: string
  /** What the request is: method, path and a digest of its body. */
  fingerprint: string
}

export interface Ledger {
  /**
   * Runs `work` once for each key, in the caller's transaction: the answer is stored with the effect or not at all.
   *
   * @throws RequestInFlight while another transaction works on the same key
   * @throws IdempotencyKeyReused when the key came with another fingerprint
   */
  once<R extends StoredAnswer, Tables>(
    trx: Transaction<Tables>,
    request: LedgerRequest,
    work: () => Promise<R>,
  ): Promise<{ answer: R; replayed: boolean }>
}

/** Of one service's database; `databaseMigrations` holds its table. */
export interface LedgerTables {
  idempotency_ledger: { scope: string; key_hash: Buffer; fingerprint: Buffer; answer: Buffer; expires_at: Date }
}

interface LedgerRow {
  fingerprint: Buffer
  answer: Buffer
}

/** @param lifetimeMs how long an answer is replayed; default 24 hours */
export function createLedger({ lifetimeMs = 24 * 60 * 60_000, limitBytes = 1_048_576 } = {}): Ledger {
  return {
    async once(trx, { scope, key, fingerprint }, work) {
      const keyHash = sha256(key)
      // With the key, which is not kept: a body may hold a password, and a bare hash of it could be guessed at.
      const print = sha256(`${key}\0${fingerprint}`)
      const bound = `${scope}\0${keyHash.toString('hex')}\0${print.toString('hex')}`
      await lock(trx, scope, keyHash)
      const known = await find(trx, scope, keyHash)
      if (known) {
        if (!known.fingerprint.equals(print)) throw IdempotencyKeyReused()
        return { answer: JSON.parse(unseal(known.answer, key, bound)), replayed: true }
      }
      const answer = await work()
      const text = JSON.stringify(answer)
      if (Buffer.byteLength(text) > limitBytes)
        throw new RangeError(`an answer of over ${limitBytes} bytes cannot be kept`)
      const sealed = seal(text, key, bound)
      // Over an expired row, which is as good as none.
      await sql`insert into idempotency_ledger (scope, key_hash, fingerprint, answer, expires_at)
        values (${scope}, ${keyHash}, ${print}, ${sealed}, now() + ${lifetimeMs} * interval '1 millisecond')
        on conflict (scope, key_hash) do update set fingerprint = excluded.fingerprint, answer = excluded.answer,
          expires_at = excluded.expires_at`.execute(trx)
      return { answer, replayed: false }
    },
  }
}

/**
 * Deletes expired answers, at most `limit`.
 *
 * @returns how many; as many as `limit` means that there may be more
 */
export async function expireLedger<Tables>(db: Kysely<Tables>, limit: number): Promise<number> {
  const { numAffectedRows } = await sql`delete from idempotency_ledger where ctid = any(array(
    select ctid from idempotency_ledger where expires_at <= now() order by expires_at limit ${limit}
    for update skip locked))`.execute(db)
  return Number(numAffectedRows ?? 0n)
}

/** Held until the transaction ends, however it ends. Tried, not awaited: a queue of repeats would eat the pool. */
async function lock<Tables>(trx: Transaction<Tables>, scope: string, keyHash: Buffer): Promise<void> {
  const id = createHash('sha256').update(`ledger\0${scope}\0`).update(keyHash).digest().readBigInt64BE()
  const { rows } = await sql<{
    locked: boolean
  }>`select pg_try_advisory_xact_lock(${id.toString()}::int8) as locked`.execute(trx)
  if (!rows[0]?.locked) throw RequestInFlight({ headers: { 'retry-after': '1' } })
}

async function find<Tables>(trx: Transaction<Tables>, scope: string, keyHash: Buffer): Promise<LedgerRow | undefined> {
  const { rows } = await sql<LedgerRow>`select fingerprint, answer from idempotency_ledger
    where scope = ${scope} and key_hash = ${keyHash} and expires_at > now()`.execute(trx)
  return rows[0]
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
