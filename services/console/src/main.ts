import { runService } from '@portico/chassis'
import { consoleContract } from '@portico/contracts/console'
import { createApp } from './app.ts'
import { readConfig } from './config.ts'
import { createConsumers } from './consumers.ts'
import { createContext } from './context.ts'
import { closeDoors, openDoors } from './doors.ts'
import { createServiceJobs } from './jobs.ts'

const config = readConfig(process.env)
const context = await createContext(config)
const { bus, db, telemetry } = context
const app = await createApp(context)
const consumers = createConsumers(context)
const jobs = createServiceJobs(context)

telemetry.log.info(await openDoors(context), 'taking spans and mails')
await runService({
  app,
  contract: consoleContract,
  bus,
  config,
  telemetry,
  // Its own last spans come in by its own door: they are sent before that closes.
  stop: [consumers.stop, jobs.stop, telemetry.flush, () => closeDoors(context), bus.close, async () => db.close()],
})
consumers.start()
jobs.start()
