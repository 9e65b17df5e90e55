import { runService } from '@portico/chassis'
import { userContract } from '@portico/contracts/user'
import { createApp } from './app.ts'
import { readConfig } from './config.ts'
import { createContext } from './context.ts'
import { createServiceJobs } from './jobs.ts'

const config = readConfig(process.env)
const context = await createContext(config)
const { bus, database, relay, resetMailer, revocations, telemetry } = context
const app = await createApp(context)
const jobs = createServiceJobs(context)

await runService({
  app,
  contract: userContract,
  bus,
  config,
  telemetry,
  stop: [jobs.stop, resetMailer.stop, revocations.stop, relay.stop, bus.close, database.close],
})
relay.start()
revocations.start()
jobs.start()
