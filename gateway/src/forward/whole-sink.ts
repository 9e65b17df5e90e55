import type { Exchange } from './exchange.ts'
import type { Sink } from './sink.ts'
import type { WholeAnswer } from './target.ts'

/** Keeps an answer in memory, within a bound. */
export class WholeSink implements Sink {
  readonly #limitBytes: number
  readonly #chunks: Buffer[] = []
  #bytes = 0
  #status = 0
  #headers: string[] = []
  #whole = false

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  information(): void {}

  head(status: number, headers: string[], exchange: Exchange): void {
    this.#status = status
    this.#headers = headers
    exchange.status = status
  }

  data(chunk: Buffer): boolean {
    this.#bytes += chunk.length
    if (this.#bytes <= this.#limitBytes) this.#chunks.push(chunk)
    return true
  }

  end(): void {
    this.#whole = this.#bytes <= this.#limitBytes
  }

  broken(): void {
    this.#whole = false
  }

  /** Null when it broke off or was too long. */
  answer(): WholeAnswer | null {
    if (!this.#whole) return null
    return { status: this.#status, headers: this.#headers, body: Buffer.concat(this.#chunks, this.#bytes) }
  }
}
