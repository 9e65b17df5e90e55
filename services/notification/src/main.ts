import { runService } from '@portico/chassis'
import { notificationContract } from '@portico/contracts/notification'
import { createApp } from './app.ts'
import { readConfig } from './config.ts'
import { createConsumers } from './consumers.ts'
import { createContext } from './context.ts'
import { createServiceJobs } from './jobs.ts'

const config = readConfig(process.env)
const context = await createContext(config)
const { bus, database, mailer, relay, sender, telemetry } = context
const app = await createApp(context)
const consumers = createConsumers(context)
const jobs = createServiceJobs(context)

await runService({
  app,
  contract: notificationContract,
  bus,
  config,
  telemetry,
  stop: [consumers.stop, jobs.stop, sender.stop, mailer.close, relay.stop, bus.close, database.close],
})
relay.start()
consumers.start()
sender.start()
jobs.start()
