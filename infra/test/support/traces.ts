import { getTrace, type JaegerTrace } from '@portico/contracts/console'
import { type CapturedSpan, eventually, type SpanNode, type SpanTree, spanTree } from '@portico/testkit'
import { type Door, expectBody, expectStatus } from './http.ts'

type Kind = CapturedSpan['kind']
const kinds: readonly Kind[] = ['internal', 'server', 'client', 'producer', 'consumer']
/** Spans leave in batches, a mail may have to wait its turn, and the console answers between two of its writes. */
const arrivalMs = 25_000

/**
 * The trace as soon as it is whole and fits: one root at the gateway, and no span whose parent is missing.
 *
 * @throws with the tree as it is when that does not happen
 */
export function wholeTrace(
  operator: Door,
  traceId: string,
  fits: (tree: SpanTree) => boolean = () => true,
): Promise<SpanTree> {
  return eventually(
    async () => {
      const tree = await readTrace(operator, traceId)
      const [root] = tree.roots
      const orphans = tree.roots.filter(({ parentSpanId }) => parentSpanId !== null)
      const isWhole = tree.roots.length === 1 && orphans.length === 0 && isFrontDoor(root)
      if (isWhole && fits(tree)) return tree
      throw new Error(`trace ${traceId} ${isWhole ? 'lacks something' : 'is not one tree'}:\n${tree.print()}`)
    },
    { withinMs: arrivalMs, everyMs: 250 },
  )
}

/** The first span of this service, kind and name, below another or anywhere. */
export function spanOf(
  { all }: Pick<SpanTree, 'all'>,
  service: string,
  kind: Kind,
  name: string | RegExp,
): SpanNode | undefined {
  return all.find(span => span.service === service && span.kind === kind && matches(span.name, name))
}

/** Services of the spans from the root down to this one, each once. */
export function wayTo(tree: SpanTree, span: SpanNode): string[] {
  return [...new Set(tree.path(span).map(({ service }) => service))]
}

/** Spans of SQL statements. */
export function statements({ all }: SpanTree, service: string): SpanNode[] {
  return all.filter(span => span.service === service && span.attributes['db.system.name'] === 'postgresql')
}

function isFrontDoor(root: SpanNode | undefined): boolean {
  return root?.service === 'gateway' && root.kind === 'server' && root.parentSpanId === null
}

function matches(text: string, wanted: string | RegExp): boolean {
  return typeof wanted === 'string' ? text === wanted : wanted.test(text)
}

async function readTrace(operator: Door, traceId: string): Promise<SpanTree> {
  const answer = expectStatus(await operator.get(`/console/jaeger/api/traces/${traceId}`), 200)
  const { data } = expectBody(answer, 200, getTrace.schema.response[200])
  return spanTree(data.flatMap(spansOf))
}

function spansOf({ spans, processes }: JaegerTrace): CapturedSpan[] {
  return spans.map(span => {
    const { serviceName = '', tags = [] } = processes[span.processID] ?? {}
    const attributes = Object.fromEntries(span.tags.map(({ key, value }) => [key, value]))
    const parent = span.references.find(({ refType }) => refType === 'CHILD_OF')
    const linked = span.references.filter(({ refType }) => refType === 'FOLLOWS_FROM')
    return {
      traceId: span.traceID,
      spanId: span.spanID,
      parentSpanId: parent?.spanID ?? null,
      name: span.operationName,
      kind: kinds.find(kind => kind === attributes['span.kind']) ?? 'unspecified',
      service: serviceName,
      instance: String(tags.find(({ key }) => key === 'service.instance.id')?.value ?? ''),
      attributes,
      status: attributes.error === true ? 'error' : 'unset',
      links: linked.map(({ traceID, spanID }) => ({ traceId: traceID, spanId: spanID })),
      events: [],
      startedAtMs: span.startTime / 1_000,
      durationMs: span.duration / 1_000,
    }
  })
}
