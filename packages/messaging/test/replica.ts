import { openDatabase } from '@portico/database'
import { createTelemetry } from '@portico/telemetry'
import { connectBus } from '../src/index.ts'
import { type Party, startConsumer, startRelay, type Tables } from './house.ts'

// A replica as a process of its own, to be killed: a relay, or a consumer whose handler takes a while.

const { ROLE = '', NATS = '', DATABASE = '', NAME = '' } = process.env
const telemetry = createTelemetry({ service: ROLE, instance: NAME, version: '0', processMetrics: false })
const party: Party = {
  bus: await connectBus({ servers: NATS, name: NAME, telemetry }),
  database: openDatabase<Tables>({ url: DATABASE, applicationName: NAME, poolSize: 8, telemetry }),
  telemetry,
}
// It does not stop: it is killed.
const scope = { after() {} }
if (ROLE === 'relay') startRelay(scope, party)
else startConsumer(scope, party, { concurrency: 4 })
telemetry.log.info('ready')
