import type { Token } from 'markdown-it'

export const excerptLength = 280

/**
 * The text of the first paragraph that has any, without markup, cut at a word. One that stands by itself goes before one
 * in a list or a quotation: release notes begin with lists.
 */
export function excerptOf(tokens: readonly Token[]): string {
  const text = firstText(tokens, level => level === 0) ?? firstText(tokens, () => true) ?? ''
  return cut(text, excerptLength)
}

function firstText(tokens: readonly Token[], isMeant: (level: number) => boolean): string | undefined {
  for (const [index, token] of tokens.entries()) {
    if (token.type !== 'paragraph_open' || !isMeant(token.level)) continue
    const text = plainText(tokens[index + 1]?.children ?? [])
    if (text !== '') return text
  }
  return undefined
}

function plainText(children: readonly Token[]): string {
  const parts = children.map(child => {
    if (child.type === 'text' || child.type === 'code_inline') return child.content
    if (child.type === 'softbreak' || child.type === 'hardbreak') return ' '
    return ''
  })
  return parts.join('').replace(/\s+/g, ' ').trim()
}

/** At most so many UTF-16 units, `…` included; never inside a surrogate pair, and at a space when one is near. */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text
  let end = most - 1
  if (/[\uD800-\uDBFF]/.test(text.charAt(end - 1))) end -= 1
  const space = text.lastIndexOf(' ', end)
  return `${text.slice(0, space > end - 40 ? space : end).trimEnd()}…`
}
