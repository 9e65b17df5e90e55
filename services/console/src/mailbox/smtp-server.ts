import type { Telemetry } from '@portico/telemetry'
import PostalMime from 'postal-mime'
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server'
import { v7 as uuidv7 } from 'uuid'
import type { MailStore } from './mail-store.ts'

/** Larger mails are refused with 552 before they are read whole. */
const mostBytes = 25 * 1_024 * 1_024

/** A mail server that delivers everything into the store, whoever it is for. It listens on loopback. */
export function createMailServer({ store, log }: { store: MailStore; log: Telemetry['log'] }): SMTPServer {
  const server = new SMTPServer({
    banner: 'Portico mailbox',
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    size: mostBytes,
    maxClients: 100,
    socketTimeout: 60_000,
    closeTimeout: 2_000,
    onData(stream, session, callback) {
      deliver(stream, session, store).then(
        () => callback(),
        (error: Error) => {
          log.warn({ err: error }, 'a mail could not be taken')
          callback(error)
        },
      )
    },
  })
  server.on('error', error => log.warn({ err: error }, 'the mailbox met an error'))
  return server
}

async function deliver(stream: SMTPServerDataStream, session: SMTPServerSession, store: MailStore): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  if (stream.sizeExceeded) throw Object.assign(new Error('The mail is too large'), { responseCode: 552 })
  const parsed = await PostalMime.parse(Buffer.concat(chunks))
  const headers = headersOf(parsed.headers)
  const { mailFrom, rcptTo } = session.envelope
  store.add({
    id: uuidv7(),
    from: parsed.from?.address ?? (mailFrom === false ? '' : mailFrom.address),
    // The envelope says who gets it; the header may name others, or nobody.
    to: rcptTo.map(({ address }) => address),
    subject: parsed.subject ?? '',
    text: parsed.text ?? '',
    html: parsed.html ?? '',
    headers,
    receivedAt: new Date().toISOString(),
    traceId: /^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(headers.traceparent ?? '')?.[1] ?? null,
  })
}

function headersOf(pairs: readonly { key: string; value: string }[]): Record<string, string> {
  const headers: Record<string, string> = Object.create(null)
  for (const { key, value } of pairs) headers[key] = key in headers ? `${headers[key]}\n${value}` : value
  return { ...headers }
}
