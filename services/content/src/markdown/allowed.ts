import type { IOptions } from 'sanitize-html'

const inline = ['a', 'abbr', 'b', 'br', 'code', 'del', 'em', 'i', 'ins', 'kbd', 'mark', 'q', 's', 'small', 'strong']
const blocks = ['blockquote', 'hr', 'li', 'ol', 'p', 'pre', 'ul']
const ofPosts = [
  ...['caption', 'cite', 'col', 'colgroup', 'dd', 'details', 'dfn', 'div', 'dl', 'dt', 'figcaption', 'figure'],
  ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'img', 'samp', 'span', 'sub', 'summary', 'sup', 'time', 'var'],
  ...['table', 'tbody', 'td', 'tfoot', 'th', 'thead', 'tr'],
]

/**
 * Everything not named is dropped, its text kept. No `style`, no `id` and `name` (they shadow globals of the page), no
 * SVG and MathML: parsers disagree about what is inside them, and what a sanitiser reads as text a browser may run.
 */
const common: IOptions = {
  allowedSchemes: ['http', 'https', 'mailto'],
  allowedSchemesAppliedToAttributes: ['href', 'src', 'cite'],
  allowProtocolRelative: false,
  disallowedTagsMode: 'discard',
  nestingLimit: 60,
  transformTags: { a: nofollow },
}

export const postRules: IOptions = {
  ...common,
  transformTags: { a: nofollow, td: aligned, th: aligned },
  allowedTags: [...inline, ...blocks, ...ofPosts],
  allowedAttributes: {
    a: ['href', 'title', 'rel'],
    abbr: ['title'],
    blockquote: ['cite'],
    code: ['class'],
    col: ['span'],
    colgroup: ['span'],
    details: ['open'],
    img: ['src', 'alt', 'title', 'width', 'height', 'loading'],
    ol: ['start'],
    pre: ['class'],
    q: ['cite'],
    td: ['align', 'colspan', 'rowspan'],
    th: ['align', 'colspan', 'rowspan', 'scope'],
    time: ['datetime'],
  },
  allowedClasses: { code: [/^language-[\w+#.-]{1,40}$/], pre: [/^language-[\w+#.-]{1,40}$/] },
  allowedSchemesByTag: { img: ['http', 'https'] },
}

export const commentRules: IOptions = {
  ...common,
  allowedTags: [...inline, ...blocks],
  allowedAttributes: { a: ['href', 'title', 'rel'], code: ['class'], ol: ['start'] },
  allowedClasses: { code: [/^language-[\w+#.-]{1,40}$/] },
}

/** Links that people write earn no rank and get no handle on the window that opened them. */
function nofollow(tagName: string, attribs: Record<string, string>) {
  const outside = /^https?:/i.test(attribs.href ?? '')
  const { rel: _, ...others } = attribs
  return { tagName, attribs: outside ? { ...others, rel: 'nofollow ugc noopener' } : others }
}

/** Markdown's tables say how a column is aligned by a style, which a strict content security policy would drop. */
function aligned(tagName: string, attribs: Record<string, string>) {
  const align = /^text-align:(left|center|right)$/.exec(attribs.style ?? '')?.[1]
  return { tagName, attribs: align === undefined ? attribs : { ...attribs, align } }
}
