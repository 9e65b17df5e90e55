import { context, ROOT_CONTEXT } from '@opentelemetry/api'
import type { ServiceContract } from '@portico/contracts'
import type { Database } from '@portico/database'
import type { Telemetry } from '@portico/telemetry'
import { sql } from 'kysely'
import type { Bus } from './bus.ts'
import { pause } from './connection.ts'
import { markPublished, oldestUnpublished, unpublished } from './outbox-rows.ts'
import { publishRows } from './publish.ts'
import { reconcileStream, rememberPublished } from './rebuild.ts'
import { streamOf } from './subjects.ts'

export interface RelayOptions<Tables> {
  database: Database<Tables>
  bus: Bus
  contract: Pick<ServiceContract, 'name'>
  telemetry: Telemetry
  /** How often to look for events that nobody woke the relay for; default 1 s. */
  pollMs?: number
}

export interface Relay {
  start(): void
  /** To be called after a commit that may have added events; cheap, and never throws. */
  wake(): void
  /** Lets the batch under way end. */
  stop(): Promise<void>
  /** Age of the oldest event that is not in the stream yet; 0 when there is none. */
  ageMs(): number
}

const batchRows = 256
const busyRetryMs = 50
const failureMs = { first: 250, most: 2_000 }

/**
 * Brings committed events to JetStream. Every replica runs one; a batch is one transaction under an advisory lock, so
 * one works at a time and the next takes over as soon as that transaction ends, however its owner died: PostgreSQL ends
 * the transaction of a process that was killed at once, of one that froze after `idle_in_transaction_session_timeout`.
 *
 * The lock only avoids double work. Order per key and completeness do not rest on it: see README.
 */
export function createRelay<Tables>(options: RelayOptions<Tables>): Relay {
  const { database, bus, telemetry, pollMs = 1_000 } = options
  const stopping = new AbortController()
  const bell = createBell()
  const age = telemetry.metrics.gauge(
    'portico_outbox_age_seconds',
    'Age of the oldest event that is not in its stream yet',
    [],
  )
  let ageMs = 0
  let running: Promise<void> | undefined
  const state: StreamState = { reconciled: false }
  const forget = bus.onStatus(() => {
    // Whatever came back may have lost what it acknowledged.
    state.reconciled = false
    bell.ring()
  })

  async function turn(): Promise<number> {
    ageMs = await oldestUnpublished(database)
    age.set(ageMs / 1_000)
    if (!bus.isConnected()) return pollMs
    if (ageMs === 0 && state.reconciled) return pollMs
    const outcome = await relayBatch(options, state)
    if (outcome === 'busy') return busyRetryMs
    return outcome === 'more' ? 0 : pollMs
  }

  async function run() {
    let failures = 0
    while (!stopping.signal.aborted) {
      try {
        const waitMs = await turn()
        failures = 0
        if (waitMs > 0) await bell.wait(waitMs, stopping.signal)
      } catch (error) {
        state.reconciled = false
        if (failures === 0) telemetry.log.warn({ err: error }, 'events wait in the outbox: they could not be published')
        await pause(Math.min(failureMs.first * 2 ** failures++, failureMs.most), stopping.signal)
      }
    }
  }

  return {
    start() {
      running ??= context.with(ROOT_CONTEXT, run)
    },
    wake: bell.ring,
    async stop() {
      stopping.abort()
      forget()
      await running
    },
    ageMs: () => ageMs,
  }
}

interface StreamState {
  /** The stream was compared with the outbox since the connection came up. */
  reconciled: boolean
}

/** One batch under the lock: `busy` when another replica has it, `more` when there may be more rows to publish. */
async function relayBatch<Tables>(
  { database, bus, contract, telemetry }: RelayOptions<Tables>,
  state: StreamState,
): Promise<'busy' | 'more' | 'done'> {
  const client = bus.current()
  if (!client) return 'done'
  return database.transaction(async trx => {
    const { rows } = await sql<{ locked: boolean }>`
      select pg_try_advisory_xact_lock(hashtextextended('portico.relay', 0)) as locked,
        set_config('idle_in_transaction_session_timeout', '8s', true)`.execute(trx)
    if (!rows[0]?.locked) return 'busy'
    if (!state.reconciled) await reconcileStream({ trx, client, service: contract.name, log: telemetry.log })
    state.reconciled = true

    const batch = await unpublished(trx, batchRows)
    if (batch.length === 0) return 'done'
    const stream = streamOf(contract.name)
    const { published, failure } = await publishRows({ client, stream, rows: batch, telemetry })
    await markPublished(trx, published)
    await rememberPublished(trx, stream, published)
    // Committed with what did arrive; the rest is tried again after a pause.
    if (failure !== undefined && published.length === 0) throw failure
    if (failure !== undefined) state.reconciled = false
    return failure === undefined && batch.length < batchRows ? 'done' : 'more'
  })
}

/** A wait that can be cut short, and that remembers a ring nobody was waiting for. */
function createBell() {
  let rung = false
  let wakeUp: () => void = () => {}
  return {
    ring() {
      rung = true
      wakeUp()
    },
    async wait(ms: number, signal: AbortSignal) {
      if (!rung) {
        const cut = new AbortController()
        wakeUp = () => cut.abort()
        await pause(ms, AbortSignal.any([signal, cut.signal]))
      }
      rung = false
    },
  }
}
