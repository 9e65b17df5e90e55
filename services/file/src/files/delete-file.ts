import { etagOf, noContent, requireMatch } from '@portico/chassis'
import { deleteFile, FileNotFound } from '@portico/contracts/file'
import type { Route } from '../context.ts'
import { removeFile } from './remove.ts'

/** The row goes at once; the bytes go with the job that sweeps what nothing names. */
export const deleteFileRoute: Route = (app, { transact, clock }) => {
  app.route({
    ...deleteFile,
    handler: async request => {
      const { userId } = request.requirePrincipal()
      return transact(request, async stores => {
        const file = await stores.files.getForUpdate(request.params.id)
        if (file?.owner_id !== userId) throw FileNotFound()
        if (request.headers['if-match'] !== undefined) requireMatch(request, etagOf(file.version))
        await removeFile(stores, file, clock())
        return noContent()
      })
    },
  })
}
