import type { Route } from '../context.ts'
import { changeFileRoute } from './change.ts'
import { deleteFileRoute } from './delete.ts'
import { getFileRoute } from './get.ts'
import { getContentRoute } from './get-content.ts'
import { listFilesRoute } from './list.ts'
import { uploadFileRoute } from './upload.ts'
import { getUsageRoute } from './usage.ts'

export const files: Route = (app, context) => {
  uploadFileRoute(app, context)
  listFilesRoute(app, context)
  getFileRoute(app, context)
  changeFileRoute(app, context)
  deleteFileRoute(app, context)
  getContentRoute(app, context)
  getUsageRoute(app, context)
}
