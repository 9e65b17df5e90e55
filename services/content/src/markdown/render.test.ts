import { type DefaultTreeAdapterTypes, parseFragment } from 'parse5'
import t from 'tap'
import { renderComment, renderPost } from './render.ts'

/**
 * Ways to get a script into a page through Markdown: HTML in it, links, images, entities, broken tags, namespaces that
 * parsers disagree about, handlers, styles. After OWASP's cheat sheets on XSS filter evasion and on Markdown.
 */
const hostile = [
  '<script>alert(1)</script>',
  '<SCRIPT SRC=//evil.example/x.js></SCRIPT>',
  '<scr<script>ipt>alert(1)</scr</script>ipt>',
  '<img src=x onerror=alert(1)>',
  '<img src="x" OnErRoR="alert(1)">',
  '<img src=`javascript:alert(1)`>',
  '<img """><script>alert(1)</script>">',
  '<svg/onload=alert(1)>',
  '<svg><script>alert(1)</script></svg>',
  '<svg><animate onbegin=alert(1) attributeName=x dur=1s>',
  '<svg><style><img src=x onerror=alert(1)></style></svg>',
  '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
  '<math href="javascript:alert(1)">x</math>',
  '<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>',
  '<iframe src="javascript:alert(1)"></iframe>',
  '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
  '<object data="javascript:alert(1)"></object><embed src="javascript:alert(1)">',
  '<form action="javascript:alert(1)"><button formaction="javascript:alert(1)">x</button></form>',
  '<a href="javascript:alert(1)">x</a>',
  '<a href="JaVaScRiPt:alert(1)">x</a>',
  '<a href=" \u0001javascript:alert(1)">x</a>',
  '<a href="java\tscript:alert(1)">x</a>',
  '<a href="java&#10;script:alert(1)">x</a>',
  '<a href="&#106;&#97;vascript&colon;alert(1)">x</a>',
  '<a href="data:text/html,<script>alert(1)</script>">x</a>',
  '<a href="vbscript:msgbox(1)">x</a>',
  '<a href="//evil.example" target=_blank onclick=alert(1)>x</a>',
  '[x](javascript:alert(1))',
  '[x](JAVASCRIPT:alert(1))',
  '[x](javascript&#58;alert(1))',
  '[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)',
  '[x](<javascript:alert(1)>)',
  '[x][1]\n\n[1]: javascript:alert(1)',
  '<javascript:alert(1)>',
  '![x](javascript:alert(1))',
  '![x"onerror="alert(1)](x)',
  '![x](x "onerror=alert(1)//\\" onerror=alert(1)")',
  '[x](https://a.example "title\\" onmouseover=alert(1)")',
  '`` <script>alert(1)</script> ``\n<script>alert(1)</script>',
  '```"><script>alert(1)</script>\ncode\n```',
  '```js onload=alert(1)\ncode\n```',
  '<p style="background:url(javascript:alert(1))">x</p>',
  '<style>@import "//evil.example";</style>',
  '<link rel=stylesheet href=//evil.example><meta http-equiv=refresh content="0;url=javascript:alert(1)">',
  '<base href="javascript://">',
  '<p id="location" name="body" class="admin">x</p>',
  '<details open ontoggle=alert(1)>x</details>',
  '<video><source onerror=alert(1)></video><audio src=x onerror=alert(1)>',
  '<!--><img src=x onerror=alert(1)>-->',
  '<![CDATA[<img src=x onerror=alert(1)>]]>',
  '<?xml version="1.0"?><x onclick=alert(1)>',
  '<textarea><img title="</textarea><img src=x onerror=alert(1)>"></textarea>',
  '<xmp><img title="</xmp><img src=x onerror=alert(1)>"></xmp>',
  '<template><img src=x onerror=alert(1)></template>',
  '<table background="javascript:alert(1)"><tr><td background="javascript:alert(1)">x</table>',
  '<input autofocus onfocus=alert(1)><select autofocus onfocus=alert(1)>',
  '<b/onmouseover=alert(1)>x</b>',
  '<b\nonclick\n=\nalert(1)>x</b>',
  '&lt;script&gt;alert(1)&lt;/script&gt;',
  `${'<b>'.repeat(500)}x`,
]

const elements = new Set(
  (
    'a abbr b blockquote br caption cite code col colgroup dd del details dfn div dl dt em figcaption figure h1 h2 h3 h4 ' +
    'h5 h6 hr i img ins kbd li mark ol p pre q s samp small span strong sub summary sup table tbody td tfoot th thead ' +
    'time tr ul var'
  ).split(' '),
)
const attributes = new Set(
  'align alt cite class colspan datetime height href loading open rel rowspan scope span src start title width'.split(
    ' ',
  ),
)

/** What a browser's parser (WHATWG HTML, which parse5 follows to the letter) finds in it that has no place in a page. */
function dangers(html: string): string[] {
  const found: string[] = []
  visit(parseFragment(html), found)
  return found
}

function visit(node: DefaultTreeAdapterTypes.Node, found: string[]): void {
  if (node.nodeName === '#comment') found.push('a comment')
  if ('tagName' in node) {
    if (!elements.has(node.tagName)) found.push(`<${node.tagName}>`)
    for (const { name, value } of node.attrs)
      found.push(...dangersOf(name, value).map(what => `${node.tagName}[${what}]`))
  }
  if ('childNodes' in node) for (const child of node.childNodes) visit(child, found)
}

function dangersOf(name: string, value: string): string[] {
  if (!attributes.has(name)) return [name]
  if (name === 'class') return /^language-[\w+#.-]+$/.test(value) ? [] : [`class=${value}`]
  if (!['href', 'src', 'cite'].includes(name)) return []
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what browsers skip in front of a scheme and in it
  const address = value.replace(/[\x00-\x20]/g, '')
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(address)?.[1]?.toLowerCase()
  if (scheme && !['http', 'https', 'mailto'].includes(scheme)) return [`${name}=${scheme}:`]
  return address.startsWith('//') ? [`${name}=//`] : []
}

t.test('nothing hostile comes through, from posts or comments', async t => {
  for (const markdown of hostile) {
    t.same(dangers(renderPost(markdown).html), [], `post: ${markdown.slice(0, 60)}`)
    t.same(dangers(renderComment(markdown).html), [], `comment: ${markdown.slice(0, 60)}`)
    // Between other things, and twice: what one pass leaves must not become something in the next.
    const nested = renderPost(`> - *${markdown}*\n\n${markdown}\n\n| a |\n|---|\n| ${markdown} |`).html
    t.same(dangers(nested), [], `nested: ${markdown.slice(0, 60)}`)
    t.same(dangers(renderPost(nested).html), [], `again: ${markdown.slice(0, 60)}`)
  }
})

t.test('the check finds what it is for', async t => {
  t.same(dangers('<svg onload=x><a href="java\nscript:x">'), ['<svg>', 'svg[onload]', 'a[href=javascript:]'])
})

t.test('what people write stays', async t => {
  const { html } = renderPost(
    [
      '# Title',
      'Words with **weight**, `code`, <kbd>Ctrl</kbd> and H<sub>2</sub>O.',
      '![A cover](/v1/files/1/image?w=1600 "Cover") [a post](/posts/x#part) [out](https://example.org/)',
      '| left | right |\n|:-----|------:|\n| 1 | 2 |',
      '```js\nif (a < b) return\n```',
      '<details><summary>More</summary>\n\nhidden\n\n</details>',
    ].join('\n\n'),
  )
  for (const part of [
    '<h1>Title</h1>',
    '<strong>weight</strong>',
    '<kbd>Ctrl</kbd>',
    'H<sub>2</sub>O',
    '<img src="/v1/files/1/image?w=1600" alt="A cover" title="Cover" />',
    '<a href="/posts/x#part">a post</a>',
    '<a href="https://example.org/" rel="nofollow ugc noopener">out</a>',
    '<td align="right">2</td>',
    '<pre><code class="language-js">if (a &lt; b) return\n</code></pre>',
    '<summary>More</summary>',
  ]) {
    t.ok(html.includes(part), part)
  }
})

t.test('the excerpt is the first paragraph, as plain text', async t => {
  t.equal(
    renderPost('# Title\n\n![only an image](x)\n\nFirst *words* & `code`.\nSecond line.').excerpt,
    'First words & code. Second line.',
  )
  t.equal(renderPost('- an item\n\nA paragraph.').excerpt, 'A paragraph.')
  t.equal(renderPost('- only an item').excerpt, 'only an item')
  t.equal(renderPost('').excerpt, '')
  const long = renderPost('word '.repeat(200)).excerpt
  t.ok(long.length <= 280)
  t.match(long, /word…$/)
  t.equal(renderPost('😀'.repeat(200)).excerpt.isWellFormed(), true, 'never half a character')
})

t.test('input made to be slow is not', async t => {
  const from = performance.now()
  for (const slow of [
    '['.repeat(20_000),
    '*a_ '.repeat(10_000),
    '> '.repeat(5_000),
    '<'.repeat(50_000),
    '![a]('.repeat(5_000),
  ]) {
    renderPost(slow)
  }
  t.ok(performance.now() - from < 10_000)
})
