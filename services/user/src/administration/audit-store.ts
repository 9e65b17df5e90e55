import { decodeCursor, encodeCursor, keyset, type Page, page } from '@portico/database'
import { type Kysely, type Selectable, sql } from 'kysely'
import type { AuditRow, Tables } from '../db/tables.ts'
import { type AuditRecord, type AuditRowData, chain, follows } from './audit.ts'

/** One writer at a time: each row is bound to the one before it. The number is this service's own choice. */
const writerLock = 7_116_001
const batch = 1_000

export interface AuditFilter {
  limit: number
  cursor?: string | undefined
  subjectId?: string | undefined
  actorId?: string | undefined
}

export type AuditStore = ReturnType<typeof auditStore>

export function auditStore(db: Kysely<Tables>) {
  return {
    /** Adds a row to the trail. Holds back other writers until the transaction ends: add it late. */
    async record(record: AuditRecord, at: Date): Promise<void> {
      await sql`select pg_advisory_xact_lock(${writerLock})`.execute(db)
      const last = await db
        .selectFrom('audit')
        .select(['sequence', 'hash'])
        .orderBy('sequence', 'desc')
        .limit(1)
        .executeTakeFirst()
      await db
        .insertInto('audit')
        .values(rowOf(chain(last ?? null, record, at)))
        .execute()
    },

    /** Latest first; of one subject or actor, when given. */
    async list({ limit, cursor, subjectId, actorId }: AuditFilter): Promise<Page<AuditRowData>> {
      const list = `audit:${subjectId ?? ''}:${actorId ?? ''}`
      const after = cursor === undefined ? null : decodeCursor(cursor, { list, shape: ['integer'] })
      let query = db.selectFrom('audit').selectAll()
      if (subjectId !== undefined) query = query.where('subject_id', '=', subjectId)
      if (actorId !== undefined) query = query.where('actor_id', '=', actorId)
      const rows = await keyset(query, [{ column: 'sequence', direction: 'desc' }], after)
        .limit(limit + 1)
        .execute()
      return page(rows.map(dataOf), limit, ({ sequence }) => encodeCursor([sequence], { list }))
    },

    /** Walks the whole chain from its first row, a batch at a time. */
    async verify(): Promise<{ rows: number; brokenAt: number | null; head: string | null }> {
      let last: AuditRowData | null = null
      for (;;) {
        const rows = await after(db, last)
        for (const row of rows) {
          if (!follows(last, row)) return { rows: row.sequence - 1, brokenAt: row.sequence, head: null }
          last = row
        }
        if (rows.length < batch) return ended(last)
      }
    },
  }
}

async function after(db: Kysely<Tables>, last: AuditRowData | null): Promise<AuditRowData[]> {
  const rows = await db
    .selectFrom('audit')
    .selectAll()
    .where('sequence', '>', last?.sequence ?? 0)
    .orderBy('sequence')
    .limit(batch)
    .execute()
  return rows.map(dataOf)
}

function ended(last: AuditRowData | null) {
  return { rows: last?.sequence ?? 0, brokenAt: null, head: last?.hash.toString('hex') ?? null }
}

function dataOf(row: Selectable<AuditRow>): AuditRowData {
  const { sequence, at, action, details, hash } = row
  return {
    sequence,
    at,
    action,
    details,
    hash,
    actorId: row.actor_id,
    subjectId: row.subject_id,
    previousHash: row.previous_hash,
  }
}

function rowOf(data: AuditRowData): Selectable<AuditRow> {
  const { sequence, at, action, details, hash } = data
  return {
    sequence,
    at,
    action,
    details,
    hash,
    actor_id: data.actorId,
    subject_id: data.subjectId,
    previous_hash: data.previousHash,
  }
}
