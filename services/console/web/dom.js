const svgNames = new Set(['svg', 'rect'])

/** An element with its attributes and children. Text is always text: nothing here ever becomes markup. */
export function element(name, attributes = {}, ...children) {
  const made = svgNames.has(name)
    ? document.createElementNS('http://www.w3.org/2000/svg', name)
    : document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) {
    if (key === 'on') for (const [event, listener] of Object.entries(value)) made.addEventListener(event, listener)
    else if (value === true) made.setAttribute(key, '')
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value)
  }
  made.append(...children.flat().filter(child => child !== null && child !== undefined))
  return made
}

/** A table with a caption for those who do not see it. */
export function table(caption, columns, rows) {
  const head = columns.map(({ title, kind = '' }) => element('th', { scope: 'col', class: kind }, title))
  const body = rows.map(row =>
    element(
      'tr',
      {},
      columns.map(({ of, kind = '' }) => element('td', { class: kind }, of(row))),
    ),
  )
  return element(
    'table',
    { 'aria-label': caption },
    element('thead', {}, element('tr', {}, head)),
    element('tbody', {}, body),
  )
}

/** 1234 microseconds as `1.23 ms`. */
export function duration(microseconds) {
  if (microseconds < 1_000) return `${microseconds} µs`
  if (microseconds < 1_000_000) return `${(microseconds / 1_000).toPrecision(3)} ms`
  return `${(microseconds / 1_000_000).toPrecision(3)} s`
}

export const when = date => new Date(date).toLocaleString()

export function ago(date) {
  const seconds = Math.round((Date.now() - new Date(date)) / 1_000)
  if (seconds < 90) return `${seconds} s ago`
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min ago`
  return when(date)
}
