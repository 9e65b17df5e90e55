import type { MultipartFile } from '@fastify/multipart'
import { BodyTooLarge, InvalidInput, MalformedBody } from '@portico/contracts'
import { FileMissing, FileName, Folder, Visibility } from '@portico/contracts/file'
import type { FastifyRequest } from 'fastify'
import { type Static, type TSchema, Type } from 'typebox'
import { Compile } from 'typebox/compile'
import type { BlobStore, Received } from '../blobs/blob-store.ts'

export interface Upload {
  fields: UploadFields
  received: Received
}

const UploadFields = Type.Object({
  name: FileName,
  folder: Folder,
  visibility: Visibility,
})
export type UploadFields = Static<typeof UploadFields>

const checks: Record<string, ReturnType<typeof Compile<TSchema>>> = {
  name: Compile(FileName),
  folder: Compile(Folder),
  visibility: Compile(Visibility),
}
const defaults = { folder: '/', visibility: 'private' } as const
const onlyOne = 'One part named "file", and no other file.'
const longestFieldBytes = 4_096

/** What a form may hold. More is refused while it arrives. */
export const formLimits = { fields: 8, files: 1, parts: 9, fieldSize: longestFieldBytes, headerPairs: 32 }

/**
 * Streams the file of a form to the store. Fields may stand before or behind the file; unknown ones are refused, and so
 * is a second file. Nothing is left on the disk when it fails.
 */
export async function receiveUpload(request: FastifyRequest, store: BlobStore, signal?: AbortSignal): Promise<Upload> {
  const fields: Record<string, string> = {}
  let received: Received | null = null
  let sentName = ''
  try {
    for await (const part of request.parts({ limits: formLimits })) {
      if (part.type === 'file') {
        if (received !== null || part.fieldname !== 'file') throw FileMissing({ detail: onlyOne })
        sentName = part.filename ?? ''
        received = await receivePart(part, store, signal)
      } else fields[part.fieldname] = fieldText(part.fieldname, part.value)
    }
    if (received === null) throw FileMissing()
    return { received, fields: { ...defaults, name: nameOf(sentName), ...fields } as UploadFields }
  } catch (error) {
    if (received) await store.discard(received)
    throw asProblem(error)
  }
}

/**
 * What the parser says of a form that no browser makes (cut off, without a boundary, with one of 2,000 characters) is a
 * plain error without a code; whatever else fails here, a disk or the client's patience, has a class or a code.
 */
function asProblem(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  if ('code' in error && error.code === 'FST_FILES_LIMIT') return FileMissing({ detail: onlyOne, cause: error })
  const isPlain = error.name === 'Error' && !('code' in error)
  return isPlain ? MalformedBody({ detail: 'This is no complete form.', cause: error }) : error
}

async function receivePart(part: MultipartFile, store: BlobStore, signal?: AbortSignal): Promise<Received> {
  const received = await store.receive(part.file, signal)
  if (!part.file.truncated) return received
  await store.discard(received)
  throw BodyTooLarge()
}

function fieldText(name: string, value: unknown): string {
  const check = checks[name]
  const pointer = `#/${name}`
  if (!check) throw InvalidInput({ errors: [{ pointer, in: 'body', detail: 'there is no such field' }] })
  if (typeof value !== 'string') throw MalformedBody({ detail: `The field ${name} is not text.` })
  if (check.Check(value)) return value
  const [first] = check.Errors(value)
  throw InvalidInput({ errors: [{ pointer, in: 'body', detail: first?.message ?? 'not valid' }] })
}

/** The last segment of what a browser calls the file, without what no name may hold. */
function nameOf(sent: string): string {
  const last = sent.toWellFormed().split(/[/\\]/).at(-1) ?? ''
  const clean = last
    .replace(/\p{Cc}/gu, '')
    .trim()
    .slice(0, 255)
  return clean === '' || clean === '.' || clean === '..' ? 'unnamed' : clean
}
