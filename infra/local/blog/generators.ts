import { outsideCode } from './code.ts'

type Change = readonly [mark: RegExp, becomes: string]

/** Where Ghost's exports say "this site". */
const ghostSite: Change = [/__GHOST_URL__/g, '']

/** What a generator would have replaced before anybody read it, as plain Markdown. */
const changes: readonly Change[] = [
  ghostSite,
  // Jekyll: {{ site.baseurl }}/a.png, {{ "/a.png" | relative_url }}, {% post_url 2015-03-01-hello %}
  [/\{\{-?\s*site\.(?:baseurl|url)\s*-?\}\}/g, ''],
  [/\{\{-?\s*["']([^"']*)["']\s*\|\s*(?:relative|absolute)_url\s*-?\}\}/g, '$1'],
  [/\{%-?\s*(?:post_url|link)\s+(\S+)\s*-?%\}/g, '/$1'],
  // Hugo: {{< ref "post.md" >}}, {{< figure src="a.png" alt="A" >}}
  [/\{\{[<%]\s*(?:rel)?ref\s+["']?([^"'\s>]+)["']?\s*[>%]\}\}/g, '$1'],
  [/\{\{[<%]\s*figure\b[^>]*?\bsrc="([^"]+)"[^>]*?\balt="([^"]*)"[^>]*[>%]\}\}/g, '![$2]($1)'],
  [/\{\{[<%]\s*figure\b[^>]*?\bsrc="([^"]+)"[^>]*[>%]\}\}/g, '![]($1)'],
]

/** Jekyll's own way to write code. It goes first: what is in it is code from then on. */
const highlight = /\{%-?\s*highlight\s+(\w+)[^%]*%\}\r?\n?([\s\S]*?)\{%-?\s*endhighlight\s*-?%\}/g

/** The text without the marks of Jekyll, Hugo and Ghost. What stands in code stays. */
export function withoutMarks(markdown: string): string {
  return outsideCode(markdown.replace(highlight, '```$1\n$2```'), text => apply(text, changes))
}

/** An address in front matter: of Ghost's, which names the site. */
export function plainTarget(target: string): string {
  return apply(target, [ghostSite])
}

function apply(text: string, list: readonly Change[]): string {
  return list.reduce((changed, [mark, becomes]) => changed.replace(mark, becomes), text)
}
