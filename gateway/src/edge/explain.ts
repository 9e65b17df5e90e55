import type { Visit } from './visit.ts'

/** `Portico-Explain: 1` is heard from whoever runs the system; to others the field means nothing. */
export function allowExplanation(visit: Visit): void {
  if (visit.request.headers['portico-explain'] !== '1') return
  const role = visit.principal?.role
  visit.explain = role === 'operator' || role === 'admin'
}
