import sharp from 'sharp'
import type { Derivative } from './derivative.ts'

// Runs in a process of its own: a decoder that hangs, or eats memory, is killed with it and takes nobody along.

export interface DerivativeJob {
  source: string
  target: string
  derivative: Derivative
  limitPixels: number
}
export type WorkerMessage =
  | { kind: 'derive'; id: number; job: DerivativeJob }
  | { kind: 'look'; id: number; source: string; limitPixels: number }
export type WorkerAnswer = { id: number; error?: string; width?: number; height?: number }

sharp.cache(false)
sharp.concurrency(1)

/** AVIF at the default effort takes ten times as long for a few per cent of size. */
const avifEffort = 2

async function derive({ source, target, derivative, limitPixels }: DerivativeJob): Promise<void> {
  const { width, height, fit, format, quality } = derivative
  const image = sharp(source, { limitInputPixels: limitPixels, failOn: 'error', animated: false })
    .autoOrient()
    .resize({
      ...(width ? { width } : {}),
      ...(height ? { height } : {}),
      fit,
      withoutEnlargement: true,
      background: { r: 0, g: 0, b: 0, alpha: 0 },
    })
  // Metadata, EXIF and GPS among it, is left behind unless it is asked for; colours stay true by conversion to sRGB.
  const encoded =
    format === 'avif'
      ? image.avif({ quality, effort: avifEffort })
      : format === 'webp'
        ? image.webp({ quality })
        : format === 'jpeg'
          ? image.flatten({ background: '#ffffff' }).jpeg({ quality, mozjpeg: true })
          : image.png({ compressionLevel: 9 })
  await encoded.toFile(target)
}

async function look(source: string, limitPixels: number): Promise<{ width: number; height: number }> {
  const { width, height, autoOrient } = await sharp(source, {
    limitInputPixels: limitPixels,
    failOn: 'error',
  }).metadata()
  if (width * height > limitPixels) throw new Error('more pixels than the limit')
  return { width: autoOrient?.width ?? width, height: autoOrient?.height ?? height }
}

process.on('message', async (message: WorkerMessage) => {
  const answer: WorkerAnswer = { id: message.id }
  try {
    if (message.kind === 'derive') await derive(message.job)
    else Object.assign(answer, await look(message.source, message.limitPixels))
  } catch (error) {
    answer.error = error instanceof Error ? error.message : String(error)
  }
  process.send?.(answer)
})
// The parent is gone: so is the reason to be here.
process.on('disconnect', () => process.exit(0))
