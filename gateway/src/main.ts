import { createApp } from './app.ts'
import { readConfig } from './config.ts'
import { createContext } from './context.ts'
import { run } from './run.ts'
import { isSupervisor, superviseWorkers } from './workers.ts'

const config = readConfig(process.env)
if (isSupervisor(config)) {
  superviseWorkers(config)
} else {
  const context = await createContext(config)
  await run(await createApp(context), context)
}
