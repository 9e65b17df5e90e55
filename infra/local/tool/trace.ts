import type { JaegerTrace } from '@portico/contracts/console'

type Span = JaegerTrace['spans'][number]

/** One line: id, when it began, how long it took, what it was. */
export function summaryOf(trace: JaegerTrace): string {
  const [first, ...rest] = rootsOf(trace)
  if (!first) return `${trace.traceID}  (no spans)`
  const failed = trace.spans.filter(isFailed).length
  return [
    trace.traceID,
    new Date(first.startTime / 1000).toISOString(),
    milliseconds(first.duration).padStart(10),
    `${trace.spans.length} spans`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(rest.length > 0 ? [`${rest.length + 1} roots`] : []),
    `${serviceOf(trace, first)}: ${first.operationName}`,
  ].join('  ')
}

/** The trace as a tree, a line a span: when it began after the first, how long it took, who did what. */
export function drawTrace(trace: JaegerTrace): string {
  const roots = rootsOf(trace)
  const began = Math.min(...trace.spans.map(span => span.startTime))
  const lines: string[] = [`trace ${trace.traceID}, ${trace.spans.length} spans`]
  const draw = (span: Span, depth: number) => {
    const times = `${milliseconds(span.startTime - began).padStart(10)} ${milliseconds(span.duration).padStart(10)}`
    lines.push(
      `${times}  ${'  '.repeat(depth)}${serviceOf(trace, span)}: ${span.operationName}${isFailed(span) ? '  FAILED' : ''}`,
    )
    for (const child of childrenOf(trace, span)) draw(child, depth + 1)
  }
  for (const root of roots) draw(root, 0)
  return lines.join('\n')
}

/** Spans whose parent is not in the trace. One is right; more mean that something was lost, or is still to come. */
function rootsOf({ spans }: JaegerTrace): Span[] {
  const ids = new Set(spans.map(({ spanID }) => spanID))
  return inOrder(spans.filter(span => !ids.has(parentOf(span) ?? '')))
}

function childrenOf({ spans }: JaegerTrace, { spanID }: Span): Span[] {
  return inOrder(spans.filter(span => parentOf(span) === spanID))
}

function parentOf({ references, traceID }: Span): string | undefined {
  return references.find(reference => reference.refType === 'CHILD_OF' && reference.traceID === traceID)?.spanID
}

function inOrder(spans: Span[]): Span[] {
  return spans.sort((a, b) => a.startTime - b.startTime)
}

function serviceOf({ processes }: JaegerTrace, { processID }: Span): string {
  return processes[processID]?.serviceName ?? '?'
}

function isFailed({ tags }: Span): boolean {
  return tags.some(
    ({ key, value }) => (key === 'error' && value === true) || (key === 'otel.status_code' && value === 'ERROR'),
  )
}

function milliseconds(microseconds: number): string {
  return `${(microseconds / 1000).toFixed(1)} ms`
}
