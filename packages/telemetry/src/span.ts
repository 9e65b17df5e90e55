import {
  type Attributes,
  type Context,
  context,
  type Link,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'

export interface SpanOptions {
  kind?: SpanKind
  attributes?: Attributes
  links?: Link[]
  /** Default: the active context. */
  parent?: Context
}

/**
 * Runs the work inside a span: it is the active one for everything the work awaits, it records what the work throws,
 * and it ends with it.
 *
 * @example
 * await withSpan(tracer, 'render markdown', { attributes: { 'post.id': id } }, async span => { … })
 */
export async function withSpan<T>(
  tracer: Tracer,
  name: string,
  { kind = SpanKind.INTERNAL, attributes, links, parent = context.active() }: SpanOptions,
  work: (span: Span) => Promise<T> | T,
): Promise<T> {
  const span = tracer.startSpan(
    name,
    { kind, ...(attributes ? { attributes } : {}), ...(links ? { links } : {}) },
    parent,
  )
  try {
    return await context.with(trace.setSpan(parent, span), work, undefined, span)
  } catch (error) {
    recordFailure(span, error)
    throw error
  } finally {
    span.end()
  }
}

/**
 * Puts a failure into the span. An expected refusal (an error with a status below 500) is named but is no error of the
 * span: a trace full of red 404s hides the one that matters.
 */
export function recordFailure(span: Span, error: unknown): void {
  if (!span.isRecording()) return
  const { type, expected } = classify(error)
  span.setAttribute('error.type', type)
  if (expected) return
  const message = error instanceof Error ? error.message : String(error)
  span.recordException(error instanceof Error ? error : message)
  span.setStatus({ code: SpanStatusCode.ERROR, message })
}

function classify(error: unknown): { type: string; expected: boolean } {
  if (!(error instanceof Error)) return { type: typeof error, expected: false }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name
  const status = 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : 500
  return { type: code, expected: status < 500 }
}
