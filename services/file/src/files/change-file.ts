import { answer, etagOf, requireMatch } from '@portico/chassis'
import { changeFile, FileChanged, FileNotFound } from '@portico/contracts/file'
import type { Route } from '../context.ts'
import { cacheTagOf, factsOf, present } from './file.ts'

export const changeFileRoute: Route = (app, { transact, clock }) => {
  app.route({
    ...changeFile,
    handler: async request => {
      const { userId } = request.requirePrincipal()
      return transact(request, async ({ files, outbox, purge }) => {
        const file = await files.getForUpdate(request.params.id)
        if (file?.owner_id !== userId) throw FileNotFound()
        if (request.headers['if-match'] !== undefined) requireMatch(request, etagOf(file.version))
        const after = await files.update(file.id, request.body, clock())
        await outbox.add(FileChanged, { ...factsOf(after), changedAt: after.updated_at.toISOString() })
        purge(cacheTagOf(file.id))
        return answer(present(after), { headers: { etag: etagOf(after.version) } })
      })
    },
  })
}
