import { type App, createService } from '@portico/chassis'
import { consoleContract } from '@portico/contracts/console'
import type { Context } from './context.ts'
import { live } from './live/index.ts'
import { mailbox } from './mailbox/index.ts'
import { page } from './page/index.ts'
import { traces } from './traces/index.ts'

/** The features, and nothing else. */
export async function createApp(context: Context): Promise<App> {
  const { config, telemetry, verifier, db } = context
  const app = await createService({
    contract: consoleContract,
    config,
    telemetry,
    verifier,
    ready: { store: async () => db.isOpen },
  })
  page(app, context)
  live(app, context)
  traces(app, context)
  mailbox(app, context)
  return app
}
