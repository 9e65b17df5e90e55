import { extname } from 'node:path'
import { fileTypeFromBuffer } from 'file-type'

/** What a text may call itself by its ending; none of these can harm whoever saves it. */
const textTypes: Record<string, string> = {
  '.css': 'text/css',
  '.csv': 'text/csv',
  '.htm': 'text/html',
  '.html': 'text/html',
  '.ics': 'text/calendar',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.md': 'text/markdown',
  '.mjs': 'text/javascript',
  '.vcf': 'text/vcard',
}

/**
 * What the bytes are. A signature decides; a text without one may add its ending; what the sender says does not count.
 *
 * @param head the first bytes, 4,100 are enough
 */
export async function mediaTypeOf(head: Buffer, name: string): Promise<string> {
  const text = textOf(head)
  if (text !== null && looksLikeSvg(text)) return 'image/svg+xml'
  const signature = await fileTypeFromBuffer(head)
  if (signature) return signature.mime
  if (text === null) return 'application/octet-stream'
  return textTypes[extname(name).toLowerCase()] ?? 'text/plain'
}

// The head may end within a character: a stream decoder forgives that, and only that.
function textOf(head: Buffer): string | null {
  if (head.includes(0)) return null
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true })
  } catch {
    return null
  }
}

function looksLikeSvg(text: string): boolean {
  const start = text.replace(
    /^\uFEFF?\s*(?:<\?xml[^>]*\?>\s*|<!--[\s\S]*?-->\s*|<!DOCTYPE[^>[]*(?:\[[^\]]*\])?>\s*)*/i,
    '',
  )
  return /^<svg[\s>]/i.test(start)
}

/** What a browser may show in place. All else is saved: a page or a script of a stranger must not run here. */
const inlineTypes = new Set([
  'application/pdf',
  'audio/aac',
  'audio/flac',
  'audio/mpeg',
  'audio/ogg',
  'audio/wav',
  'image/apng',
  'image/avif',
  'image/gif',
  'image/jpeg',
  'image/png',
  'image/webp',
  'text/plain',
  'video/mp4',
  'video/ogg',
  'video/webm',
])

export const isShownInline = (type: string) => inlineTypes.has(type)

/** With its charset where it is a text: nobody shall guess. */
export const contentTypeOf = (type: string) =>
  type.startsWith('text/') || type === 'application/json' ? `${type}; charset=utf-8` : type

const imageTypes = new Set([
  'image/avif',
  'image/gif',
  'image/jpeg',
  'image/png',
  'image/svg+xml',
  'image/tiff',
  'image/webp',
])
/** What derivatives can be made of. */
export const isImage = (type: string) => imageTypes.has(type)
