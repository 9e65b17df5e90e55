import markdownIt from 'markdown-it'
import sanitizeHtml from 'sanitize-html'
import { commentRules, postRules } from './allowed.ts'
import { excerptOf } from './excerpt.ts'

export interface Rendered {
  readonly html: string
  /** Plain text. */
  readonly excerpt: string
}

const ofPosts = markdownIt({ html: true, linkify: true, typographer: false, maxNesting: 50 })
const ofComments = markdownIt({ html: false, linkify: true, breaks: true, maxNesting: 20 })

/**
 * Markdown of a post, HTML in it included, to HTML that is safe to put into a page. It is made once, when the post is
 * written, and kept: 120 kB of release notes take about 100 ms, too long for each read. Long ones: `renderer.ts`.
 */
export function renderPost(markdown: string): Rendered {
  const environment = {}
  const tokens = ofPosts.parse(markdown, environment)
  const html = ofPosts.renderer.render(tokens, ofPosts.options, environment)
  return { html: sanitizeHtml(html, postRules), excerpt: excerptOf(tokens) }
}

/** Markdown of a comment: HTML in it is shown as text, and there are no images. */
export function renderComment(markdown: string): Rendered {
  const environment = {}
  const tokens = ofComments.parse(markdown, environment)
  const html = ofComments.renderer.render(tokens, ofComments.options, environment)
  return { html: sanitizeHtml(html, commentRules), excerpt: excerptOf(tokens) }
}
