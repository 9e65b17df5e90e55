import { get } from './api.js'
import { element, table, when } from './dom.js'

export async function mail(query) {
  const search = new URLSearchParams([...query].filter(([name]) => name === 'to' || name === 'cursor'))
  const { items, nextCursor } = await get(`/console/api/mailbox?${search}`)
  const submit = event => {
    event.preventDefault()
    location.hash = `#/mail?${new URLSearchParams(new FormData(event.currentTarget))}`
  }
  const form = element(
    'form',
    { on: { submit } },
    element('label', {}, 'To', element('input', { name: 'to', type: 'email', value: query.get('to') ?? '' })),
    element('button', {}, 'Filter'),
  )
  if (items.length === 0)
    return [element('h2', {}, 'Mail'), form, element('p', { class: 'empty' }, 'No mail has come.')]
  const columns = [
    { title: 'When', of: each => when(each.receivedAt) },
    { title: 'To', of: each => each.to.join(', ') },
    { title: 'Subject', of: each => element('a', { href: `#/mail/${each.id}` }, each.subject || '(none)') },
    { title: 'Trace', of: each => traceLink(each) },
  ]
  const more = new URLSearchParams(search)
  more.set('cursor', nextCursor ?? '')
  const next = nextCursor === null ? null : element('p', {}, element('a', { href: `#/mail?${more}` }, 'Older'))
  return [element('h2', {}, 'Mail'), form, table('Mails', columns, items), next]
}

export async function oneMail(id) {
  const found = await get(`/console/api/mailbox/${encodeURIComponent(id)}`)
  const rows = Object.entries(found.headers).map(([key, value]) => ({ key, value }))
  const html = `/console/api/mailbox/${encodeURIComponent(id)}/html`
  const frame = found.html ? element('iframe', { sandbox: true, title: 'The mail as HTML', src: html }) : null
  return [
    element('h2', {}, found.subject || '(no subject)'),
    element('p', {}, `From ${found.from} to ${found.to.join(', ')}, ${when(found.receivedAt)} `, traceLink(found)),
    element('pre', {}, found.text),
    frame,
    element('h2', {}, 'Header fields'),
    table(
      'Header fields',
      [
        { title: 'Name', of: row => row.key },
        { title: 'Value', of: row => row.value },
      ],
      rows,
    ),
  ]
}

const traceLink = ({ traceId }) => (traceId ? element('a', { href: `#/traces/${traceId}` }, 'trace') : '')
