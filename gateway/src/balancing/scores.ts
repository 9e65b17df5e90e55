import type { Score } from './balancer.ts'

/** What a pick carries when nobody asked for the scores. */
export const noScores: readonly Score[] = []
