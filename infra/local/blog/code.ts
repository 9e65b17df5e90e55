// Blocks between fences, and spans between single backticks.
const code = /(```[\s\S]*?(?:```|$)|~~~[\s\S]*?(?:~~~|$)|`[^`\n]*`)/

/** Changes what is not code. */
export function outsideCode(markdown: string, change: (text: string) => string): string {
  return markdown
    .split(code)
    .map((part, index) => (index % 2 === 1 ? part : change(part)))
    .join('')
}
