/** What somebody asked for, with every choice made. */
export interface Derivative {
  width: number | null
  height: number | null
  fit: 'cover' | 'contain' | 'inside'
  format: 'avif' | 'webp' | 'jpeg' | 'png'
  quality: number
}

export interface DerivativeQuery {
  w?: number
  h?: number
  fit?: Derivative['fit']
  format?: Derivative['format'] | 'auto'
  q?: number
}

// Each size asked for is kept: rounding up to a step keeps somebody who asks for every width from filling the disk.
const step = 32
const roundUp = (pixels: number | undefined) => (pixels === undefined ? null : Math.ceil(pixels / step) * step)

/** Makes the choices that a query leaves open. `auto` takes the best format that `Accept` names, else JPEG or PNG. */
export function derivativeOf(query: DerivativeQuery, accept: string, sourceType: string): Derivative {
  const { format = 'auto', fit = 'inside', q = 80 } = query
  return {
    width: roundUp(query.w),
    height: roundUp(query.h),
    fit,
    format: format === 'auto' ? autoFormat(accept, sourceType) : format,
    quality: Math.ceil(q / 5) * 5,
  }
}

function autoFormat(accept: string, sourceType: string): Derivative['format'] {
  if (names(accept, 'image/avif')) return 'avif'
  if (names(accept, 'image/webp')) return 'webp'
  // Photographs come as JPEG; all else may be transparent.
  return sourceType === 'image/jpeg' || sourceType === 'image/tiff' ? 'jpeg' : 'png'
}

/** Whether `Accept` names this very type, and not to refuse it (RFC 9110, section 12.4.2: `q=0`). Wildcards do not count. */
function names(accept: string, type: string): boolean {
  const range = accept.split(',').find(range => range.split(';')[0]?.trim().toLowerCase() === type)
  return range !== undefined && !/;\s*q=0(\.0*)?\s*(;|$)/i.test(range)
}

/** The name under which it is kept: equal derivatives of equal bytes have equal names. */
export const derivativeName = ({ width, height, fit, format, quality }: Derivative) =>
  `${width ?? ''}x${height ?? ''}-${fit}-q${quality}.${format}`
