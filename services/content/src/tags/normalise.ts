/**
 * Tags as they are kept: ` Node JS `, `node-js` and `NODE js` are one. Order stays, repeats go.
 *
 * @example
 * normaliseTags(['Node JS', 'node-js', 'Ärger']) // ['node-js', 'ärger']
 */
export function normaliseTags(tags: readonly string[]): string[] {
  return [...new Set(tags.map(normaliseTag))].filter(tag => tag !== '')
}

export function normaliseTag(tag: string): string {
  return tag
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{Letter}\p{Mark}\p{Number}.+#]+/gu, '-')
    .replace(/^-+|-+$/g, '')
}
