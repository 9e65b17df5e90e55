import { createHash } from 'node:crypto'
import type { AuditEntry } from '@portico/contracts/user'

/** What an entry says beside who, what and whom: names with plain values, no personal data. */
export type AuditDetails = Record<string, string | number | boolean | null>

export interface AuditRecord {
  actorId: string | null
  /** `account.suspended`, `account.role_changed`, … */
  action: string
  subjectId: string | null
  details: AuditDetails
}

/** A row of the trail, bound to the one before it. */
export interface AuditRowData {
  sequence: number
  at: Date
  actorId: string | null
  action: string
  subjectId: string | null
  /** Canonical JSON, as it was hashed. */
  details: string
  previousHash: Buffer
  hash: Buffer
}

/** What the first row has in place of a row before it. */
export const genesis = Buffer.alloc(32)

/** The next row of the chain after `last`. */
export function chain(
  last: Pick<AuditRowData, 'sequence' | 'hash'> | null,
  record: AuditRecord,
  at: Date,
): AuditRowData {
  const previousHash = last?.hash ?? genesis
  const { actorId, action, subjectId } = record
  const row = {
    sequence: (last?.sequence ?? 0) + 1,
    at,
    actorId,
    action,
    subjectId,
    details: canonical(record.details),
  }
  return { ...row, previousHash, hash: hashOf({ ...row, previousHash }) }
}

/** SHA-256 over the hash before and the row's fields as a JSON array, so that no field can run into the next. */
export function hashOf(row: Omit<AuditRowData, 'hash'>): Buffer {
  const fields = [row.sequence, row.at.toISOString(), row.actorId, row.action, row.subjectId, row.details]
  return createHash('sha256').update(row.previousHash).update(JSON.stringify(fields)).digest()
}

const canonical = (details: AuditDetails): string =>
  JSON.stringify(Object.fromEntries(Object.entries(details).sort(([a], [b]) => (a < b ? -1 : 1))))

/** Whether `row` is what must follow `last`: next in number, bound to it, and unchanged. */
export function follows(last: Pick<AuditRowData, 'sequence' | 'hash'> | null, row: AuditRowData): boolean {
  const inPlace = row.sequence === (last?.sequence ?? 0) + 1 && row.previousHash.equals(last?.hash ?? genesis)
  return inPlace && hashOf(row).equals(row.hash)
}

export function toEntry(row: AuditRowData): AuditEntry {
  return {
    sequence: row.sequence,
    at: row.at.toISOString(),
    actorId: row.actorId,
    action: row.action,
    subjectId: row.subjectId,
    details: JSON.parse(row.details),
    previousHash: row.previousHash.toString('hex'),
    hash: row.hash.toString('hex'),
  }
}
