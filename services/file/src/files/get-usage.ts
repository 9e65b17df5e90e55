import { getUsage } from '@portico/contracts/file'
import type { Route } from '../context.ts'

export const getUsageRoute: Route = (app, { reads, config }) => {
  app.route({
    ...getUsage,
    handler: async request => {
      const usage = await reads.files.usage(request.requirePrincipal().userId)
      return { files: usage?.files ?? 0, usedBytes: Number(usage?.used_bytes ?? 0), quotaBytes: config.quotaBytes }
    },
  })
}
