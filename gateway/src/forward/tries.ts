import { nobody } from '../balancing/balancer.ts'
import type { Replica } from '../balancing/replica.ts'

/** What one request has tried so far. */
export class Tries {
  /** How often it was sent, wherever it got. */
  sends = 0
  /** How often it was sent again. */
  retries = 0
  /** Whether a kept connection failed it: from then on it goes over new ones. */
  fresh = false
  /** Of these, those whose attempt may have reached a replica. */
  #repeats = 0
  #replicas: Set<string> | null = null

  /** Ids of the replicas not to be tried again. */
  get replicas(): ReadonlySet<string> {
    return this.#replicas ?? nobody
  }

  exclude({ id }: Replica): void {
    this.#replicas ??= new Set()
    this.#replicas.add(id)
  }

  /** Everybody may be tried again. */
  forgive(): void {
    this.#replicas = null
  }

  /** Counts one repeat of what may have reached a replica. */
  repeat(limit: number): boolean {
    this.#repeats += 1
    return this.#repeats <= limit
  }
}
