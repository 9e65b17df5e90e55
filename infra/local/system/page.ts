import { relative } from 'node:path'
import type { Settled } from './settle.ts'

/** Where everything is, by a name that people and programs can look up. */
export function addressesOf({ system, cluster, nats }: Settled): Record<string, string> {
  const { ports, publicUrl, folders, root } = system
  return {
    API: publicUrl,
    'API reference': `${publicUrl}/docs`,
    Console: `${publicUrl}/console/`,
    'Gateway’s admin API': `http://127.0.0.1:${ports.ADMIN_PORT}`,
    'Traces in (OTLP)': system.otlpUrl ?? 'nowhere',
    'Mail in (SMTP)': withoutSecrets(system.smtpUrl),
    PostgreSQL: cluster ? `127.0.0.1:${cluster.port}` : withoutSecrets(system.databaseUrl),
    NATS: nats ? `127.0.0.1:${nats.port}` : system.natsUrl,
    'Operator’s token': shortest(root, folders.operatorTokenFile),
    Logs: shortest(root, folders.logs),
  }
}

/** The last thing a start says. */
export function pageOf(settled: Settled, seconds: number): string {
  const { publicUrl, operatorTicket } = settled.system
  const lines = Object.entries(addressesOf(settled)).map(([name, address]) => `  ${name.padEnd(20)} ${address}`)
  return [
    '',
    `Portico is ready (${seconds.toFixed(1)} s).`,
    '',
    ...lines,
    '',
    '  Sign this browser in as the operator, once:',
    `  ${publicUrl}/console/#ticket=${operatorTicket}`,
    '',
    '  Move a blog in with: npm run portico -- import FOLDER',
    '  ctrl-C stops everything.',
    '',
    '',
  ].join('\n')
}

function shortest(root: string, path: string): string {
  const short = relative(root, path)
  return short.startsWith('..') ? path : short
}

function withoutSecrets(text: string): string {
  const url = new URL(text)
  url.username = ''
  url.password = ''
  return url.href.replace(/\/$/, '')
}
