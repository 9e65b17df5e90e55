import { parse as parseToml } from 'smol-toml'
import { parse as parseYaml } from 'yaml'

export interface SourceText {
  data: Record<string, unknown>
  body: string
}

// Hugo writes TOML between +++, everyone YAML between ---, and Hugo also bare JSON.
const yamlBlock = /^---[ \t]*\r?\n([\s\S]*?)^---[ \t]*(?:\r?\n|$)/m
const tomlBlock = /^\+\+\+[ \t]*\r?\n([\s\S]*?)^\+\+\+[ \t]*(?:\r?\n|$)/m

/**
 * Splits a post into its front matter and its Markdown.
 * @throws Error with a reason for the reader when the front matter cannot be read
 */
export function splitFrontMatter(text: string): SourceText {
  const source = text.replace(/^\uFEFF/, '')
  const opening = source.slice(0, 3)
  if (opening === '---') return cut(source, yamlBlock, block => parseYaml(block, { maxAliasCount: 50 }))
  if (opening === '+++') return cut(source, tomlBlock, parseToml)
  if (opening.startsWith('{')) return cutJson(source)
  return { data: {}, body: source }
}

function cut(source: string, pattern: RegExp, parse: (block: string) => unknown): SourceText {
  const found = pattern.exec(source)
  if (found?.index !== 0) throw new Error('the front matter has no end')
  return { data: asRecord(parse(found[1] ?? '')), body: source.slice(found[0].length) }
}

function cutJson(source: string): SourceText {
  const end = source.search(/^\}/m)
  if (end < 0) return { data: {}, body: source }
  return { data: asRecord(JSON.parse(source.slice(0, end + 1))), body: source.slice(end + 1) }
}

function asRecord(data: unknown): Record<string, unknown> {
  if (data === null || data === undefined) return {}
  if (typeof data !== 'object' || Array.isArray(data)) throw new Error('the front matter is not a list of fields')
  return Object.fromEntries(Object.entries(data).map(([name, value]) => [name.toLowerCase(), value]))
}
