import type { ContractDocument } from '@portico/contracts'
import * as edge from '../edge/errors.ts'
import { commonProblems } from './openapi.ts'

/** The error catalogue as a page: what `type` of each problem links to. */
export function problemsPage(documents: readonly ContractDocument[]): string {
  const entries = new Map<string, { status: number; title: string; meaning: string; services: Set<string> }>()
  const add = (problem: { code: string; status: number; title: string; meaning: string }, service: string) => {
    const entry = entries.get(problem.code) ?? { ...problem, services: new Set<string>() }
    entry.services.add(service)
    entries.set(problem.code, entry)
  }
  for (const problem of [...commonProblems(), ...Object.values(edge)]) add(problem, 'any route')
  for (const { service, operations } of documents) {
    for (const { errors } of operations) for (const problem of errors) add(problem, service)
  }
  const sections = [...entries]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([code, { status, title, meaning, services }]) => `<section id="${inText(code)}">
<h2><a href="#${inText(code)}"><code>${inText(code)}</code></a> <span>${status}</span></h2>
<p><strong>${inText(title)}.</strong> ${inText(meaning)}</p>
<p class="where">${inText([...services].sort().join(', '))}</p>
</section>`,
    )
  return page(sections.join('\n'))
}

const inText = (text: string) => text.replace(/[&<>"]/g, character => `&#${character.charCodeAt(0)};`)

const page = (body: string) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Problems</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-bottom: 0; font-size: 1.1rem; }
h2 span { font-weight: normal; opacity: 0.7; }
.where { font-size: 0.85rem; opacity: 0.7; margin-top: 0; }
section { border-top: 1px solid color-mix(in srgb, currentColor 20%, transparent); padding-top: 0.5rem; }
section:target { outline: 2px solid; outline-offset: 0.5rem; }
</style>
</head>
<body>
<h1>Problems</h1>
<p>Every failure is answered as <code>application/problem+json</code> (RFC 9457). Branch on <code>code</code>; show <code>title</code> and <code>detail</code>; send <code>traceId</code> with a question.</p>
${body}
</body>
</html>
`
