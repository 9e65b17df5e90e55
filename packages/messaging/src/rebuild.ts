import type { NatsConnection } from '@nats-io/transport-node'
import type { Database } from '@portico/database'
import type { Telemetry } from '@portico/telemetry'
import { type QueryExecutorProvider, sql } from 'kysely'
import type { Bus } from './bus.ts'
import type { PublishedRow } from './outbox-rows.ts'
import { managerOf, streamMaxAgeMs } from './streams.ts'
import { streamOf } from './subjects.ts'

const rowsAtOnce = 5_000

/**
 * Compares the service's stream with what it once acknowledged. JetStream acknowledges before
 * it syncs to disk: after a power failure the stream may end earlier than we know it did, and after the loss of its disk
 * it is a new one. What it lost and would still keep is set back to unpublished, so that the relay tells it again;
 * consumers know the repeats by their numbers.
 *
 * @throws while the stream is not provisioned
 */
export async function reconcileStream(options: {
  trx: QueryExecutorProvider
  client: NatsConnection
  service: string
  log: Telemetry['log']
}): Promise<void> {
  const { trx, client, service, log } = options
  const { streams } = await managerOf(client)
  const { config, created, state } = await streams.info(streamOf(service))
  const { rows } = await sql<{ created_at: string; last_sequence: number }>`
    select created_at, last_sequence from outbox_streams where stream = ${config.name}`.execute(trx)
  const known = rows[0]
  let lost = 0
  if (known && known.created_at !== created) {
    lost = await unpublish(trx, sql`created_at > now() - ${streamMaxAgeMs} * interval '1 millisecond'`)
  } else if (known && known.last_sequence > state.last_seq) {
    lost = await unpublish(trx, sql`stream_sequence > ${state.last_seq}`)
  }
  if (lost > 0) log.warn({ stream: config.name, events: lost }, 'the stream lost events: publishing them again')
  await sql`
    insert into outbox_streams (stream, created_at, last_sequence)
    values (${config.name}, ${created}, ${state.last_seq})
    on conflict (stream) do update
    set created_at = excluded.created_at, last_sequence = excluded.last_sequence`.execute(trx)
}

export async function rememberPublished(
  trx: QueryExecutorProvider,
  stream: string,
  rows: readonly PublishedRow[],
): Promise<void> {
  const last = rows.reduce((most, row) => Math.max(most, row.streamSequence), 0)
  if (last === 0) return
  await sql`
    update outbox_streams set last_sequence = greatest(last_sequence, ${last})
    where stream = ${stream}`.execute(trx)
}

/**
 * For operators: has every event written since then published again, by the relay of whichever replica runs. Consumers
 * that have handled one take it as a repeat.
 *
 * @returns how many
 */
export async function republish<Tables>(
  database: Database<Tables>,
  bus: Pick<Bus, 'isConnected'>,
  { since }: { since: Date },
): Promise<number> {
  if (!bus.isConnected()) throw new Error('NATS is away: there is nothing to publish to')
  return unpublish(database.kysely, sql`created_at >= ${since}`)
}

/** In bounded statements, oldest first: the relay may already be at work on the first while the last are set back. */
async function unpublish(executor: QueryExecutorProvider, which: ReturnType<typeof sql>): Promise<number> {
  let total = 0
  for (let after = 0; ; ) {
    const { rows } = await sql<{ count: number; last: number | null }>`
      with chosen as (
        select sequence from outbox
        where published_at is not null and sequence > ${after} and ${which}
        order by sequence limit ${rowsAtOnce}
      ), changed as (
        update outbox set published_at = null, stream_sequence = null
        from chosen where outbox.sequence = chosen.sequence
      )
      select count(*)::int as count, max(sequence) as last from chosen`.execute(executor)
    const { count = 0, last = null } = rows[0] ?? {}
    total += count
    if (last === null || count < rowsAtOnce) return total
    after = last
  }
}
