import { SpanKind } from '@opentelemetry/api'
import { injectTrace, type Telemetry, withSpan } from '@portico/telemetry'
import { createTransport } from 'nodemailer'
import type { Rendered } from './render.ts'

export interface Mailer {
  /** Resolves when the server took it. Rejects with nodemailer's error: `responseCode` when the server answered. */
  send(mail: Rendered & { id: string; to: string }): Promise<void>
  close(): Promise<void>
}

export interface MailerOptions {
  smtpUrl: string
  from: string
  telemetry: Telemetry
}

/** Sends over a small pool of SMTP connections, with bounds on every wait. */
export function createMailer({ smtpUrl, from, telemetry }: MailerOptions): Mailer {
  const { hostname, port } = new URL(smtpUrl)
  const transport = createTransport({
    url: smtpUrl,
    pool: true,
    maxConnections: 4,
    maxMessages: 1_000,
    connectionTimeout: 5_000,
    greetingTimeout: 5_000,
    socketTimeout: 20_000,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  // A pooled connection that the server closes is nobody's failure; a mail that meets it is told by its own promise.
  transport.on('error', error => telemetry.log.debug({ err: error }, 'an SMTP connection broke'))
  const attributes = { 'server.address': hostname, 'server.port': Number(port) || 25, 'network.protocol.name': 'smtp' }

  return {
    send: ({ id, to, subject, text, html }) =>
      withSpan(telemetry.tracer, 'smtp send', { kind: SpanKind.CLIENT, attributes }, async () => {
        const { traceparent } = injectTrace()
        await transport.sendMail({
          from,
          to,
          subject,
          text,
          html,
          // The same however often it is sent: whoever gets it twice can tell.
          messageId: `<${id}@${domainOf(from)}>`,
          headers: {
            'Auto-Submitted': 'auto-generated',
            ...(traceparent ? { Traceparent: traceparent } : {}),
          },
        })
      }),
    async close() {
      transport.close()
    },
  }
}

const domainOf = (from: string) => /@([^>\s]+)/.exec(from)?.[1] ?? 'localhost'
