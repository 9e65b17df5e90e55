import { createHash, randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { link, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { StorageFull } from '@portico/contracts'

/** A body that lies on the disk but is not yet named by anything. */
export interface Received {
  sha256: string
  sizeBytes: number
  /** Its path while nobody kept it. */
  incomingPath: string
  /** The first bytes, enough to tell what it is. */
  head: Buffer
}

export interface ByteRange {
  /** First and last byte, both included. */
  start: number
  end: number
}

/** Bodies by their SHA-256, each once, under `<root>/blobs/ab/cd/<sha256>`. */
export interface BlobStore {
  /** Streams to the disk while hashing. @throws StorageFull; the partial body is gone then */
  receive(body: Readable, signal?: AbortSignal): Promise<Received>
  /** Makes a received body the blob of its hash, durable before it returns. Keeping one twice is harmless. */
  keep(received: Received): Promise<void>
  discard(received: Received): Promise<void>
  read(sha256: string, range?: ByteRange): Readable
  path(sha256: string): string
  exists(sha256: string): Promise<boolean>
  remove(sha256: string): Promise<void>
  /** What began to arrive and was never kept, because a process died: removed when older than this. */
  sweepIncoming(olderThanMs: number): Promise<number>
}

/** As much as the longest signature that `file-type` looks for. */
const headBytes = 4_100

export async function createDiskStore(root: string): Promise<BlobStore> {
  const incoming = join(root, 'incoming')
  await mkdir(incoming, { recursive: true })
  const path = (sha256: string) => join(root, 'blobs', sha256.slice(0, 2), sha256.slice(2, 4), sha256)

  return {
    path,
    receive: (body, signal) => receiveTo(join(incoming, randomUUID()), body, signal),

    async keep({ sha256, incomingPath }) {
      const target = path(sha256)
      await mkdir(dirname(target), { recursive: true })
      // A link fails when the blob is there already, where a rename would replace a file that somebody reads.
      await link(incomingPath, target).catch(ignore('EEXIST'))
      await syncFolder(dirname(target))
      await rm(incomingPath, { force: true })
    },

    discard: ({ incomingPath }) => rm(incomingPath, { force: true }),
    read: (sha256, range) => createReadStream(path(sha256), range),
    exists: sha256 =>
      stat(path(sha256)).then(
        () => true,
        () => false,
      ),
    remove: sha256 => rm(path(sha256), { force: true }),
    sweepIncoming: olderThanMs => sweep(incoming, Date.now() - olderThanMs),
  }
}

async function receiveTo(incomingPath: string, body: Readable, signal?: AbortSignal): Promise<Received> {
  const hash = createHash('sha256')
  const head: Buffer[] = []
  let headSize = 0
  let sizeBytes = 0
  try {
    await pipeline(
      body,
      async function* measure(chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          hash.update(chunk)
          sizeBytes += chunk.length
          if (headSize < headBytes) {
            head.push(chunk.subarray(0, headBytes - headSize))
            headSize += Math.min(chunk.length, headBytes - headSize)
          }
          yield chunk
        }
      },
      createWriteStream(incomingPath, { flush: true }),
      signal ? { signal } : {},
    )
  } catch (error) {
    await rm(incomingPath, { force: true })
    throw namedFailure(error)
  }
  return { sha256: hash.digest('hex'), sizeBytes, incomingPath, head: Buffer.concat(head) }
}

/** Writes a file beside its place and moves it there whole, so that no reader sees half of it. */
export async function writeWhole(target: string, temporary: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true })
  await rename(temporary, target)
}

// A name is durable only when its folder is.
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function sweep(folder: string, before: number): Promise<number> {
  let removed = 0
  for (const name of await readdir(folder)) {
    const found = await stat(join(folder, name)).catch(() => null)
    if (!found || found.mtimeMs >= before) continue
    await rm(join(folder, name), { force: true })
    removed++
  }
  return removed
}

const ignore = (code: string) => (error: unknown) => {
  if (codeOf(error) !== code) throw error
}
const codeOf = (error: unknown) => (error instanceof Error && 'code' in error ? error.code : undefined)

function namedFailure(error: unknown): unknown {
  const code = codeOf(error)
  return code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG' ? StorageFull({ cause: error }) : error
}
