import type { Route } from '../context.ts'
import { changeFileRoute } from './change-file.ts'
import { deleteFileRoute } from './delete-file.ts'
import { getFileRoute } from './get-file.ts'
import { getContentRoute } from './get-file-content.ts'
import { getUsageRoute } from './get-usage.ts'
import { listFilesRoute } from './list-files.ts'
import { uploadFileRoute } from './upload-file.ts'

export const files: Route = (app, context) => {
  uploadFileRoute(app, context)
  listFilesRoute(app, context)
  getFileRoute(app, context)
  changeFileRoute(app, context)
  deleteFileRoute(app, context)
  getContentRoute(app, context)
  getUsageRoute(app, context)
}
