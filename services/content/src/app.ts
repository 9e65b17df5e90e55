import { type App, createService } from '@portico/chassis'
import { contentContract } from '@portico/contracts/content'
import { comments } from './comments/index.ts'
import type { Context } from './context.ts'
import { posts } from './posts/index.ts'
import { reactions } from './reactions/index.ts'
import { tags } from './tags/index.ts'

/** The features, and nothing else. */
export async function createApp(context: Context): Promise<App> {
  const { config, telemetry, verifier, database } = context
  const app = await createService({
    contract: contentContract,
    config,
    telemetry,
    verifier,
    // Not the bus: without NATS it reads and writes on, and events wait in the outbox.
    ready: { database: () => database.isReady() },
  })
  posts(app, context)
  comments(app, context)
  reactions(app, context)
  tags(app, context)
  return app
}
