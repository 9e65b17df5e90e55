import { type App, createService } from '@portico/chassis'
import { notificationContract } from '@portico/contracts/notification'
import type { Context } from './context.ts'
import { notices } from './notices/index.ts'
import { preferences } from './preferences/index.ts'

/** The features, and nothing else. */
export async function createApp(context: Context): Promise<App> {
  const { config, telemetry, verifier, database } = context
  const app = await createService({
    contract: notificationContract,
    config,
    telemetry,
    verifier,
    // Neither the bus nor the mail server: without them it answers on, and events and mails wait.
    ready: { database: () => database.isReady() },
  })
  notices(app, context)
  preferences(app, context)
  return app
}
