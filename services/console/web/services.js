import { get } from './api.js'
import { ago, element, table } from './dom.js'

export const refreshMs = 2_000

export async function services() {
  const { items } = await get('/console/api/replicas')
  if (items.length === 0)
    return [element('h2', {}, 'Services'), element('p', { class: 'empty' }, 'Nobody has announced itself yet.')]
  const columns = [
    { title: 'Service', of: replica => element('a', { href: `#/traces?service=${replica.service}` }, replica.service) },
    { title: 'Replica', of: replica => replica.instance },
    {
      title: 'State',
      of: replica => element('span', { class: replica.state === 'serving' ? '' : 'bad' }, replica.state),
    },
    { title: 'In flight', kind: 'number', of: replica => String(replica.inFlight) },
    { title: 'Busy', kind: 'number', of: replica => `${Math.round(replica.utilisation * 100)} %` },
    { title: 'Version', of: replica => replica.version },
    { title: 'Contract', kind: 'wide', of: replica => element('code', {}, replica.contractDigest.slice(0, 12)) },
    { title: 'Address', kind: 'wide', of: replica => element('code', {}, replica.address) },
    { title: 'Since', kind: 'wide', of: replica => ago(replica.startedAt) },
  ]
  return [element('h2', {}, 'Services'), table('Replicas', columns, items)]
}
