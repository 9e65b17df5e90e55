/**
 * `Content-Disposition` for any name (RFC 6266): a plain form that old clients read, and the exact one of RFC 8187.
 */
export function dispositionOf(kind: 'inline' | 'attachment', name: string): string {
  const plain = name
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .replace(/[^\x20-\x7e]/g, '_')
    .replace(/["\\]/g, '_')
  if (plain === name) return `${kind}; filename="${plain}"`
  const exact = encodeURIComponent(name.toWellFormed()).replace(
    /['()*!]/g,
    each => `%${each.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `${kind}; filename="${plain}"; filename*=UTF-8''${exact}`
}
