import { get } from './api.js'
import { duration, element, table, when } from './dom.js'

const jaeger = '/console/jaeger/api'
const asked = ['service', 'operation', 'tags', 'minDuration', 'limit']

/** The search: every field is in the address, so a search can be sent to somebody. */
export async function traces(query) {
  const { data: known } = await get(`${jaeger}/services`)
  const service = query.get('service') ?? ''
  const operations = service ? (await get(`${jaeger}/services/${encodeURIComponent(service)}/operations`)).data : []
  const search = new URLSearchParams([...query].filter(([name, value]) => asked.includes(name) && value !== ''))
  const { data } = await get(`${jaeger}/traces?${search}`)
  return [element('h2', {}, 'Traces'), searchForm(query, known, operations), byId(), listOf(data)]
}

function searchForm(query, services, operations) {
  const choice = (name, options, title) =>
    element(
      'label',
      {},
      title,
      element(
        'select',
        { name },
        element('option', { value: '' }, 'all'),
        options.map(option => element('option', { value: option, selected: option === query.get(name) }, option)),
      ),
    )
  const field = (name, title, placeholder) =>
    element('label', {}, title, element('input', { name, placeholder, value: query.get(name) ?? '' }))
  const submit = event => {
    event.preventDefault()
    const fields = [...new FormData(event.currentTarget)].filter(([, value]) => value !== '')
    location.hash = `#/traces?${new URLSearchParams(fields)}`
  }
  return element(
    'form',
    { on: { submit, change: event => event.target.name === 'service' && event.currentTarget.requestSubmit() } },
    choice('service', services, 'Service'),
    choice('operation', operations, 'Operation'),
    field('tags', 'Attributes (JSON)', '{"http.response.status_code":"500"}'),
    field('minDuration', 'At least', '10ms'),
    field('limit', 'How many', '20'),
    element('button', {}, 'Search'),
  )
}

function byId() {
  const submit = event => {
    event.preventDefault()
    location.hash = `#/traces/${new FormData(event.currentTarget).get('id').trim()}`
  }
  return element(
    'form',
    { on: { submit } },
    element(
      'label',
      {},
      'Trace id (a problem’s traceId, or from Server-Timing)',
      element('input', { name: 'id', required: true, size: 34, pattern: '\\s*[0-9a-fA-F]{1,32}\\s*' }),
    ),
    element('button', {}, 'Open'),
  )
}

function listOf(found) {
  if (found.length === 0)
    return element('p', { class: 'empty' }, 'No trace matches. Spans arrive within seconds of their end.')
  const columns = [
    { title: 'When', of: trace => when(rootOf(trace).startTime / 1_000) },
    { title: 'What', of: trace => element('a', { href: `#/traces/${trace.traceID}` }, nameOf(trace, rootOf(trace))) },
    { title: 'Spans', kind: 'number', of: trace => String(trace.spans.length) },
    {
      title: 'Services',
      of: trace => [...new Set(Object.values(trace.processes).map(({ serviceName }) => serviceName))].join(', '),
    },
    { title: 'Errors', kind: 'number', of: trace => String(trace.spans.filter(isError).length) },
    { title: 'Took', kind: 'number', of: trace => duration(rootOf(trace).duration) },
  ]
  return table('Traces', columns, found)
}

const rootOf = trace => trace.spans.find(span => parentOf(span) === null) ?? trace.spans[0]
const parentOf = span => span.references.find(({ refType }) => refType === 'CHILD_OF')?.spanID ?? null
const serviceOf = (trace, span) => trace.processes[span.processID]?.serviceName ?? '?'
const nameOf = (trace, span) => `${serviceOf(trace, span)}: ${span.operationName}`
const isError = span => span.tags.some(({ key, value }) => key === 'error' && value === true)

/** One trace, each span a line on a common time axis, children below their parent. */
export async function trace(id) {
  const { data } = await get(`${jaeger}/traces/${id}`)
  const [found] = data
  const start = Math.min(...found.spans.map(span => span.startTime))
  const end = Math.max(...found.spans.map(span => span.startTime + span.duration))
  const scale = { start, length: Math.max(1, end - start) }
  const lines = inOrder(found).map(({ span, depth }) => spanLine(found, span, depth, scale))
  return [
    element('h2', {}, nameOf(found, rootOf(found))),
    element(
      'p',
      { class: 'faint' },
      `${when(start / 1_000)}, ${duration(end - start)}, ${found.spans.length} spans, `,
      element('code', {}, id),
    ),
    element('ol', { class: 'waterfall', 'aria-label': 'Spans' }, lines),
  ]
}

/** Depth first; a span whose parent is missing stands at the top, where it is seen. */
function inOrder(found) {
  const ids = new Set(found.spans.map(span => span.spanID))
  const children = Map.groupBy(found.spans, span => (ids.has(parentOf(span)) ? parentOf(span) : null))
  const lines = []
  const visit = (parent, depth) => {
    for (const span of children.get(parent) ?? []) {
      lines.push({ span, depth })
      visit(span.spanID, depth + 1)
    }
  }
  visit(null, 0)
  return lines
}

function spanLine(found, span, depth, { start, length }) {
  const left = ((span.startTime - start) / length) * 100
  const width = Math.max(0.3, (span.duration / length) * 100)
  const bar = element(
    'svg',
    { class: 'track', viewBox: '0 0 100 1', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    element('rect', { x: left, y: 0, width, height: 1, class: isError(span) ? 'bad' : '' }),
  )
  const line = element('li', {})
  const toggle = event => {
    const open = event.currentTarget.getAttribute('aria-expanded') === 'true'
    event.currentTarget.setAttribute('aria-expanded', String(!open))
    if (open) line.lastChild.remove()
    else line.append(details(span))
  }
  const name = `${'\u2007\u2007'.repeat(depth)}${nameOf(found, span)}`
  line.append(
    element(
      'button',
      { class: 'span', 'aria-expanded': 'false', on: { click: toggle } },
      element('span', { class: isError(span) ? 'what bad' : 'what', title: name.trim() }, name),
      bar,
      element('span', { class: 'took' }, duration(span.duration)),
    ),
  )
  return line
}

function details(span) {
  const rows = span.tags.map(({ key, value }) => ({ key, value: String(value) }))
  const events = span.logs.map(log => ({
    key: when(log.timestamp / 1_000),
    value: log.fields.map(({ key, value }) => `${key}: ${value}`).join('\n'),
  }))
  const columns = [
    { title: 'Attribute', of: row => element('code', {}, row.key) },
    { title: 'Value', of: row => row.value },
  ]
  return element(
    'div',
    { class: 'details' },
    table('Attributes', columns, rows),
    events.length > 0
      ? table(
          'Events',
          [
            { title: 'When', of: row => row.key },
            { title: 'What', of: row => element('pre', {}, row.value) },
          ],
          events,
        )
      : null,
  )
}
