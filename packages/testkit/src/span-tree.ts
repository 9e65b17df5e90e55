import type { CapturedSpan } from './otlp-spans.ts'

export interface SpanNode extends CapturedSpan {
  children: SpanNode[]
}

export interface SpanTree {
  /** Spans without a parent among the captured ones. A connected trace has exactly one. */
  roots: SpanNode[]
  /** All spans, parents first, by their beginning. */
  all: SpanNode[]
  /** The first span that fits; undefined when none does. */
  find(fits: (span: SpanNode) => boolean): SpanNode | undefined
  /** From the root down to the span, itself included. */
  path(span: SpanNode): SpanNode[]
  /** One line a span, indented, for messages and for looking: `content  POST /v1/posts`. */
  print(): string
}

/** Puts the spans of one trace together. */
export function spanTree(spans: readonly CapturedSpan[]): SpanTree {
  const nodes = new Map<string, SpanNode>(spans.map(span => [span.spanId, { ...span, children: [] }]))
  const roots: SpanNode[] = []
  for (const node of [...nodes.values()].sort((a, b) => a.startedAtMs - b.startedAtMs)) {
    const parent = node.parentSpanId === null ? undefined : nodes.get(node.parentSpanId)
    if (parent) parent.children.push(node)
    else roots.push(node)
  }
  const all = roots.flatMap(withDescendants)
  return {
    roots,
    all,
    find: fits => all.find(fits),
    path(span) {
      const parent = span.parentSpanId === null ? undefined : nodes.get(span.parentSpanId)
      return parent ? [...this.path(parent), span] : [span]
    },
    print: () => roots.flatMap(root => lines(root, '')).join('\n'),
  }
}

function withDescendants(node: SpanNode): SpanNode[] {
  return [node, ...node.children.flatMap(withDescendants)]
}

function lines(node: SpanNode, indent: string): string[] {
  const failed = node.status === 'error' ? ' !' : ''
  const line = `${indent}${node.service} ${node.kind} ${node.name}${failed}`
  return [line, ...node.children.flatMap(child => lines(child, `${indent}  `))]
}
