import { Type } from 'typebox'
import { defineOperation } from '../operation.ts'
import {
  BodyTooLarge,
  IdempotencyKeyReused,
  MalformedBody,
  PreconditionRequired,
  RangeNotSatisfiable,
  RequestInFlight,
  StaleWrite,
  StorageFull,
  UnsupportedMediaType,
} from '../problems.ts'
import { conditionalWriteHeaders, Id, NoContent, pageOf, pageQuery, writeHeaders } from '../schemas.ts'
import { FileMissing, FileNotFound, ImageUnreadable, NotAnImage, QuotaExceeded } from './problems.ts'
import { File, FileName, Folder, fileLimits, Usage, Visibility } from './schemas.ts'

const tags = ['Files'] as const
const fileParams = Type.Object({ id: Id })

export const uploadFile = defineOperation({
  id: 'uploadFile',
  method: 'POST',
  url: '/v1/files',
  summary: 'Upload a file',
  description:
    'multipart/form-data, streamed: the fields `folder`, `visibility` and `name` first, then one part named `file`. ' +
    'Equal bodies are stored once; names need not differ.',
  tags,
  consumes: 'multipart/form-data',
  schema: { headers: writeHeaders, response: { 201: File } },
  errors: [
    FileMissing,
    QuotaExceeded,
    StorageFull,
    BodyTooLarge,
    MalformedBody,
    UnsupportedMediaType,
    RequestInFlight,
    IdempotencyKeyReused,
  ],
  policy: {
    bodyLimitBytes: fileLimits.uploadBytes,
    deadlineMs: 6 * 60 * 60 * 1_000,
    rateClass: 'upload',
    repeatable: 'never',
    flow: 'stream',
  },
})

export const listFiles = defineOperation({
  id: 'listFiles',
  method: 'GET',
  url: '/v1/files',
  summary: 'List your files',
  description: 'Newest first; of one folder, or with one body.',
  tags,
  schema: {
    querystring: Type.Object({
      ...pageQuery,
      folder: Type.Optional(Folder),
      sha256: Type.Optional(Type.String({ pattern: '^[0-9a-f]{64}$' })),
    }),
    response: { 200: pageOf(File) },
  },
})

export const getFile = defineOperation({
  id: 'getFile',
  method: 'GET',
  url: '/v1/files/:id',
  summary: 'Read what is known of a file',
  tags,
  schema: { params: fileParams, response: { 200: File } },
  errors: [FileNotFound],
  policy: { access: 'public' },
})

export const changeFile = defineOperation({
  id: 'changeFile',
  method: 'PATCH',
  url: '/v1/files/:id',
  summary: 'Rename, move, publish or hide a file',
  tags,
  schema: {
    params: fileParams,
    headers: conditionalWriteHeaders,
    body: Type.Object(
      { name: Type.Optional(FileName), folder: Type.Optional(Folder), visibility: Type.Optional(Visibility) },
      { minProperties: 1 },
    ),
    response: { 200: File },
  },
  errors: [FileNotFound, StaleWrite, PreconditionRequired],
})

export const deleteFile = defineOperation({
  id: 'deleteFile',
  method: 'DELETE',
  url: '/v1/files/:id',
  summary: 'Delete a file',
  description: 'Its bytes go when no other file names them.',
  tags,
  schema: { params: fileParams, headers: conditionalWriteHeaders, response: { 204: NoContent } },
  errors: [FileNotFound, StaleWrite],
})

export const getFileContent = defineOperation({
  id: 'getFileContent',
  method: 'GET',
  url: '/v1/files/:id/content',
  summary: 'Read the bytes',
  description:
    'Ranges, `If-Range`, `ETag` (the SHA-256) and `HEAD` as RFC 9110 says. What a browser could execute is an attachment.',
  tags,
  produces: 'application/octet-stream',
  schema: {
    params: fileParams,
    querystring: Type.Object({ download: Type.Optional(Type.Boolean({ default: false })) }),
    response: { 200: Type.Unknown() },
  },
  errors: [FileNotFound, RangeNotSatisfiable],
  policy: { access: 'public', deadlineMs: 30_000, flow: 'stream' },
})

export const getFileImage = defineOperation({
  id: 'getFileImage',
  method: 'GET',
  url: '/v1/files/:id/image',
  summary: 'Read an image in the size and format you need',
  description:
    'Made once and kept; turned upright; without EXIF and GPS. `auto` picks from `Accept`. An image is never enlarged.',
  tags,
  produces: 'image/*',
  schema: {
    params: fileParams,
    querystring: Type.Object({
      w: Type.Optional(Type.Integer({ minimum: 1, maximum: fileLimits.imageSidePixels })),
      h: Type.Optional(Type.Integer({ minimum: 1, maximum: fileLimits.imageSidePixels })),
      fit: Type.Optional(Type.Enum(['cover', 'contain', 'inside'], { default: 'inside' })),
      format: Type.Optional(Type.Enum(['auto', 'avif', 'webp', 'jpeg', 'png'], { default: 'auto' })),
      q: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 80 })),
    }),
    response: { 200: Type.Unknown() },
  },
  errors: [FileNotFound, NotAnImage, ImageUnreadable],
  policy: {
    access: 'public',
    deadlineMs: 30_000,
    flow: 'stream',
    cache: { maxAgeSeconds: 3_600, staleWhileRevalidateSeconds: 86_400, staleIfErrorSeconds: 86_400 },
  },
})

export const getUsage = defineOperation({
  id: 'getUsage',
  method: 'GET',
  url: '/v1/me/usage',
  summary: 'Read how much room you use',
  tags,
  schema: { response: { 200: Usage } },
})
