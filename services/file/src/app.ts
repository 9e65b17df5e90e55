import multipart from '@fastify/multipart'
import { type App, createService } from '@portico/chassis'
import { fileContract, fileLimits, uploadFile } from '@portico/contracts/file'
import type { Context } from './context.ts'
import { files } from './files/index.ts'
import { images } from './images/index.ts'

/** The features, and nothing else. */
export async function createApp(context: Context): Promise<App> {
  const { config, telemetry, verifier, database } = context
  const app = await createService({
    contract: fileContract,
    config,
    telemetry,
    verifier,
    // Not the bus: without NATS it reads and writes on, and events wait in the outbox.
    ready: { database: () => database.isReady() },
    requestTimeoutMs: uploadFile.policy.deadlineMs,
  })
  await app.register(multipart, { limits: { fileSize: fileLimits.uploadBytes } })
  files(app, context)
  images(app, context)
  return app
}
