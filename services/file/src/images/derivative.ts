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
  if (accept.includes('image/avif')) return 'avif'
  if (accept.includes('image/webp')) return 'webp'
  // Photographs come as JPEG; all else may be transparent.
  return sourceType === 'image/jpeg' || sourceType === 'image/tiff' ? 'jpeg' : 'png'
}

/** The name under which it is kept: equal derivatives of equal bytes have equal names. */
export const derivativeName = ({ width, height, fit, format, quality }: Derivative) =>
  `${width ?? ''}x${height ?? ''}-${fit}-q${quality}.${format}`
