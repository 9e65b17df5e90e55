import type { IsolationLevel, Kysely, Transaction } from 'kysely'
import { isStalePlan, isTransient } from './errors.ts'

export interface TransactionOptions {
  /** Default: PostgreSQL's, read committed. */
  isolation?: IsolationLevel
  /** How often to begin again after a serialization failure or a deadlock; default 0. `work` must bear to run twice. */
  retries?: number
}

type Hook = () => unknown

/** Runs transactions of one database, and what has to wait for their commit. */
export function createTransactions<Tables>(kysely: Kysely<Tables>, onHookError: (error: unknown) => void) {
  const hooks = new WeakMap<Transaction<Tables>, Hook[]>()

  async function once<R>(work: (trx: Transaction<Tables>) => Promise<R>, isolation?: IsolationLevel): Promise<R> {
    const waiting: Hook[] = []
    const builder = kysely.transaction()
    const result = await (isolation ? builder.setIsolationLevel(isolation) : builder).execute(trx => {
      hooks.set(trx, waiting)
      return work(trx)
    })
    for (const hook of waiting) void runHook(hook, onHookError)
    return result
  }

  return {
    async transaction<R>(
      work: (trx: Transaction<Tables>) => Promise<R>,
      { isolation, retries = 0 }: TransactionOptions = {},
    ): Promise<R> {
      // A migration under a running process invalidates prepared statements; inside a transaction only a new one helps.
      let staleLeft = 1
      for (let attempt = 0; ; ) {
        try {
          return await once(work, isolation)
        } catch (error) {
          if (isStalePlan(error) && staleLeft > 0) staleLeft -= 1
          else if (isTransient(error) && attempt < retries) await pause(++attempt)
          else throw error
        }
      }
    },

    afterCommit(trx: Transaction<Tables>, hook: Hook): void {
      const waiting = hooks.get(trx)
      if (!waiting) throw new TypeError('afterCommit takes the transaction that transaction() handed out')
      waiting.push(hook)
    },
  }
}

/** The caller's transaction is done: what a hook throws is only reported. */
async function runHook(hook: Hook, onError: (error: unknown) => void): Promise<void> {
  try {
    await hook()
  } catch (error) {
    onError(error)
  }
}

/** Rivals that failed together must not meet again: up to 20 ms, 40 ms, … 1 s, at random. */
function pause(attempt: number): Promise<void> {
  const limitMs = Math.min(1_000, 20 * 2 ** (attempt - 1))
  return new Promise(resolve => setTimeout(resolve, Math.random() * limitMs))
}
