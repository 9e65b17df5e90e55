import { defineProblem } from '../problem.ts'

export const FileNotFound = defineProblem(
  'file_not_found',
  404,
  'There is no such file',
  'It never was, it was deleted, or it is private to somebody else.',
)
export const FileMissing = defineProblem(
  'file_missing',
  400,
  'There is no file in the upload',
  'Send multipart/form-data with one part named `file`, after the other fields.',
)
export const QuotaExceeded = defineProblem(
  'quota_exceeded',
  507,
  'Your quota is used up',
  'Delete files, or ask for more room: GET /v1/me/usage tells both figures.',
)
export const NotAnImage = defineProblem(
  'not_an_image',
  422,
  'This file is not an image',
  'Only JPEG, PNG, GIF, WebP, AVIF, TIFF and SVG files have derivatives.',
)
export const ImageUnreadable = defineProblem(
  'image_unreadable',
  422,
  'This image cannot be read',
  'It is truncated, damaged, larger than the limit of pixels, or takes too long to decode.',
)
