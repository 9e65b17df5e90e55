import { context, type Span, SpanKind, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api'

export interface QuerySpanOptions {
  /** The statement with placeholders. Neither it nor its values enter the span, only its summary. */
  sql: string
  /** The database's name. */
  namespace?: string
}

/**
 * Seam 3: one CLIENT span a statement, named by its summary (`SELECT posts`). A statement outside of any span is not
 * traced: a relay that polls would fill the store with traces of one span. Below a span that is not recorded there is
 * nothing to record either.
 */
export async function traceQuery<T>(
  tracer: Tracer,
  { sql, namespace }: QuerySpanOptions,
  work: () => Promise<T>,
): Promise<T> {
  const parent = context.active()
  if (trace.getSpan(parent)?.isRecording() !== true) return work()
  const { operation, summary, collection } = querySummary(sql)
  const attributes = {
    'db.system.name': 'postgresql',
    'db.operation.name': operation,
    'db.query.summary': summary,
    ...(collection ? { 'db.collection.name': collection } : {}),
    ...(namespace ? { 'db.namespace': namespace } : {}),
  }
  const span = tracer.startSpan(summary, { kind: SpanKind.CLIENT, attributes }, parent)
  // A leaf: nothing below it makes spans, so the context is not entered, which costs more than the span.
  try {
    return await work()
  } catch (error) {
    recordRefusal(span, error)
    throw error
  } finally {
    span.end()
  }
}

/** The code alone: PostgreSQL's messages quote values (`invalid input syntax for type uuid: "…"`). */
function recordRefusal(span: Span, error: unknown): void {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  const type = typeof code === 'string' ? code : error instanceof Error ? error.name : 'error'
  span.setAttribute('error.type', type)
  if (/^[0-9A-Z]{5}$/.test(type)) span.setAttribute('db.response.status_code', type)
  span.setStatus({ code: SpanStatusCode.ERROR, message: type })
}

interface QuerySummary {
  operation: string
  /** The first table that is named. */
  collection: string | undefined
  summary: string
}

const statement = /\b(select|insert|update|delete|merge)\b/i
const firstWord = /^\s*([a-z]+)/i
const target =
  /\b(?:from|into|update|join|table)\s+(?:only\s+)?((?:"[^"]+"|[a-z_][\w$]*)(?:\.(?:"[^"]+"|[a-z_][\w$]*))?)/i
const rememberedAtMost = 2_000
const remembered = new Map<string, QuerySummary>()

/** Operation and first table of a statement, as the conventions' `db.query.summary` wants it: `INSERT outbox`. */
export function querySummary(sql: string): QuerySummary {
  const known = remembered.get(sql)
  if (known) return known
  const word = firstWord.exec(sql)?.[1]?.toUpperCase() ?? 'QUERY'
  const operation = word === 'WITH' ? (statement.exec(sql)?.[1]?.toUpperCase() ?? word) : word
  const table = target.exec(sql)?.[1]?.replaceAll('"', '')
  const summary = { operation, collection: table, summary: table ? `${operation} ${table}` : operation }
  // Texts are few (each is a prepared statement); the bound is for those who build SQL by hand.
  if (remembered.size < rememberedAtMost) remembered.set(sql, summary)
  return summary
}
