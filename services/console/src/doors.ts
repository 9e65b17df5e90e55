import { once } from 'node:events'
import type { AddressInfo, Server as NetServer } from 'node:net'
import type { Context } from './context.ts'

/** Opens the doors that are not its HTTP API: OTLP and SMTP, on loopback or wherever HOST says. Answers their ports. */
export async function openDoors({
  config,
  receiver,
  mailServer,
}: Context): Promise<{ otlpPort: number; smtpPort: number }> {
  receiver.listen(config.otlpPort, config.host)
  await once(receiver, 'listening')
  const smtp = mailServer.listen(config.smtpPort, config.host)
  await once(smtp, 'listening')
  return { otlpPort: portOf(receiver), smtpPort: portOf(smtp) }
}

/** Mail first, so that none is taken that would be lost; spans last, so that the others' last ones are heard. */
export async function closeDoors({ receiver, mailServer }: Context): Promise<void> {
  await new Promise<void>(resolve => mailServer.close(resolve))
  receiver.close()
  receiver.closeIdleConnections()
  await Promise.race([once(receiver, 'close'), new Promise(resolve => setTimeout(resolve, 500))])
  receiver.closeAllConnections()
}

const portOf = (server: NetServer) => (server.address() as AddressInfo).port
