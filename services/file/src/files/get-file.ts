import { answer, etagOf } from '@portico/chassis'
import { FileNotFound, getFile } from '@portico/contracts/file'
import type { Route } from '../context.ts'
import { mayRead, present } from './file.ts'

export const getFileRoute: Route = (app, { reads }) => {
  app.route({
    ...getFile,
    handler: async request => {
      const file = await reads.files.get(request.params.id)
      if (!file || !mayRead(file, request.principal)) throw FileNotFound()
      return answer(present(file), { headers: { etag: etagOf(file.version) } })
    },
  })
}
