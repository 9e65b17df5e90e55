import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { TestScope } from '@portico/testkit'
import { SMTPServer } from 'smtp-server'

export interface Taken {
  to: string
  raw: string
}

/** A real mail server that keeps what it takes, and can be told to refuse or to be away. */
export interface SmtpSink {
  readonly url: string
  readonly mails: Taken[]
  /** Answers each mail with this code from now on; null: takes them again. */
  refuseWith(code: number | null): void
  stop(): Promise<void>
  start(): Promise<void>
}

export async function startSmtpSink(t: TestScope): Promise<SmtpSink> {
  const mails: Taken[] = []
  let code: number | null = null
  let port = 0
  let server: SMTPServer | null = null

  const start = async () => {
    server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['AUTH', 'STARTTLS'],
      closeTimeout: 100,
      async onData(stream, session, callback) {
        let raw = ''
        for await (const chunk of stream) raw += chunk
        if (code !== null) return callback(Object.assign(new Error('not now'), { responseCode: code }))
        mails.push({ to: session.envelope.rcptTo.map(({ address }) => address).join(), raw })
        callback()
      },
    })
    server.on('error', () => {})
    const listening = server.listen(port, '127.0.0.1')
    await once(listening, 'listening')
    port = (listening.address() as AddressInfo).port
  }
  const stop = () => new Promise<void>(resolve => (server ? server.close(resolve) : resolve()))
  await start()
  t.after(stop)
  return {
    get url() {
      return `smtp://127.0.0.1:${port}`
    },
    mails,
    refuseWith(next) {
      code = next
    },
    stop,
    start,
  }
}
