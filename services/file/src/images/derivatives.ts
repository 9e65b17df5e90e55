import { randomUUID } from 'node:crypto'
import { mkdir, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { type BlobStore, writeWhole } from '../blobs/blob-store.ts'
import { type Derivative, derivativeName } from './derivative.ts'
import type { ImageProcess } from './image-process.ts'

export interface Derivatives {
  /** The path of the derivative, made now if nobody asked for it before. */
  get(sha256: string, derivative: Derivative): Promise<{ path: string; sizeBytes: number }>
}

/** Keeps what was made beside the blobs, under `<root>/derived/<sha256>/`. It can be made again, so it may be deleted at any time. */
export function createDerivatives(root: string, blobs: BlobStore, images: ImageProcess): Derivatives {
  const underWay = new Map<string, Promise<void>>()

  const make = async (sha256: string, derivative: Derivative, path: string) => {
    const temporary = join(root, 'incoming', `${randomUUID()}.${derivative.format}`)
    await mkdir(join(root, 'incoming'), { recursive: true })
    try {
      await images.derive({ source: blobs.path(sha256), target: temporary, derivative })
      await writeWhole(path, temporary)
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    }
  }

  return {
    async get(sha256, derivative) {
      const path = join(root, 'derived', sha256.slice(0, 2), sha256, derivativeName(derivative))
      const kept = await stat(path).catch(() => null)
      if (kept) {
        // The time of the last use, for whoever sweeps.
        await utimes(path, new Date(), kept.mtime).catch(() => undefined)
        return { path, sizeBytes: kept.size }
      }
      // Ten readers of a new post are one decoding.
      const making = underWay.get(path) ?? make(sha256, derivative, path).finally(() => underWay.delete(path))
      underWay.set(path, making)
      await making
      return { path, sizeBytes: (await stat(path)).size }
    },
  }
}
