import { runService } from '@portico/chassis'
import { contentContract } from '@portico/contracts/content'
import { createApp } from './app.ts'
import { readConfig } from './config.ts'
import { createConsumers } from './consumers.ts'
import { createContext } from './context.ts'
import { createServiceJobs } from './jobs.ts'

const config = readConfig(process.env)
const context = await createContext(config)
const { bus, database, relay, renderer, telemetry } = context
const app = await createApp(context)
const consumers = createConsumers(context)
const jobs = createServiceJobs(context)

await runService({
  app,
  contract: contentContract,
  bus,
  config,
  telemetry,
  stop: [consumers.stop, jobs.stop, renderer.close, relay.stop, bus.close, database.close],
})
relay.start()
consumers.start()
jobs.start()
