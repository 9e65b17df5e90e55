import { createConsistentHash } from './consistent-hash/consistent-hash.ts'
import { createLeastRequests } from './least-requests/least-requests.ts'
import { createPeakEwma } from './peak-ewma/peak-ewma.ts'
import type { Replica } from './replica.ts'
import { createRoundRobin } from './round-robin/round-robin.ts'

/** How one replica is chosen among those that may be. One folder a strategy. */
export interface Balancer {
  /**
   * @param candidates replicas that may take the request; the same array as long as nothing changed
   * @param exclude ids already tried for this request
   * @returns null when nobody is left
   */
  pick(candidates: readonly Replica[], request: PickRequest, exclude: ReadonlySet<string>): Pick | null
  /** What became of a request that was sent. */
  report(replica: Replica, outcome: Outcome): void
  /** The replica is gone. */
  forget(replica: Replica): void
}

export interface PickRequest {
  /** For strategies that keep one caller on one replica. */
  readonly hashKey?: string | undefined
  /** Whether to tell the scores of all that were considered. */
  readonly explain: boolean
}

export interface Pick {
  readonly replica: Replica
  /** Lower is better, in the unit of the strategy. Empty unless asked for. */
  readonly scores: readonly Score[]
}

export interface Score {
  readonly id: string
  readonly score: number
}

export interface Outcome {
  /** From sending to the head of the answer, or to the failure. */
  readonly latencyMs: number
  /** `cancelled`: the client left, or another attempt was faster; it says nothing about failing. */
  readonly kind: 'ok' | 'failure' | 'cancelled'
}

export const strategies = ['peak-ewma', 'least-requests', 'round-robin', 'consistent-hash'] as const
export type Strategy = (typeof strategies)[number]

export interface BalancerOptions {
  /** Monotonic milliseconds. */
  readonly clock: () => number
  /** 0 <= random < 1. */
  readonly random: () => number
  /** How long a new replica takes to reach its full weight. 0: it gets it at once. */
  readonly slowStartMs: number
}

export function createBalancer(strategy: Strategy, options: BalancerOptions): Balancer {
  switch (strategy) {
    case 'peak-ewma':
      return createPeakEwma(options)
    case 'least-requests':
      return createLeastRequests(options)
    case 'round-robin':
      return createRoundRobin(options)
    case 'consistent-hash':
      return createConsistentHash(options)
  }
}

export const nobody: ReadonlySet<string> = new Set()
