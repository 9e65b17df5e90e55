import type { Route } from '../context.ts'
import { getImageRoute } from './get-file-image.ts'

export const images: Route = (app, context) => {
  getImageRoute(app, context)
}
