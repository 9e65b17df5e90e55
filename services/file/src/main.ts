import { runService } from '@portico/chassis'
import { fileContract } from '@portico/contracts/file'
import { createApp } from './app.ts'
import { readConfig } from './config.ts'
import { createConsumers } from './consumers.ts'
import { createContext } from './context.ts'
import { createServiceJobs } from './jobs.ts'

const config = readConfig(process.env)
const context = await createContext(config)
const { bus, database, images, relay, telemetry } = context
const app = await createApp(context)
const consumers = createConsumers(context)
const jobs = createServiceJobs(context)

await runService({
  app,
  contract: fileContract,
  bus,
  config,
  telemetry,
  stop: [consumers.stop, jobs.stop, images.close, relay.stop, bus.close, database.close],
})
relay.start()
consumers.start()
jobs.start()
