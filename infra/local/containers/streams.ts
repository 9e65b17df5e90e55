import { once } from 'node:events'
import { keepStreams } from '../nats/streams.ts'
import { table } from '../system/table.ts'

/** The container `streams` of docker-compose.yml: keeps the streams and consumers of every contract there, until told to stop. */
const { NATS_URL = 'nats://nats:4222', NATS_USER, NATS_PASSWORD } = process.env
const leave = keepStreams({
  servers: NATS_URL,
  credentials: NATS_USER && NATS_PASSWORD ? { user: NATS_USER, password: NATS_PASSWORD } : null,
  contracts: table.flatMap(({ contract }) => (contract ? [contract] : [])),
  say: text => console.error(text),
})
await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')])
await leave()
