import { type App, createService } from '@portico/chassis'
import { userContract } from '@portico/contracts/user'
import { accounts } from './accounts/index.ts'
import { administration } from './administration/index.ts'
import type { Context } from './context.ts'
import { me } from './me/index.ts'
import { passwords } from './passwords/index.ts'
import { profiles } from './profiles/index.ts'
import { sessions } from './sessions/index.ts'

/** The features, and nothing else. */
export async function createApp(context: Context): Promise<App> {
  const { config, telemetry, verifier, database } = context
  const app = await createService({
    contract: userContract,
    config,
    telemetry,
    verifier,
    // Not the bus: without NATS people sign in all the same, and events wait in the outbox.
    ready: { database: () => database.isReady() },
  })
  accounts(app, context)
  sessions(app, context)
  me(app, context)
  passwords(app, context)
  profiles(app, context)
  administration(app, context)
  return app
}
