import { createApp } from './app.ts'
import { readConfig } from './config.ts'
import { createContext } from './context.ts'
import { run } from './run.ts'

const config = readConfig(process.env)
const context = await createContext(config)
await run(await createApp(context), context)
