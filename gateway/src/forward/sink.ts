import type { Exchange } from './exchange.ts'

/** Where an answer goes: to the client, or into memory for the gateway itself. */
export interface Sink {
  /** 1xx, as it comes; never 101. */
  information(status: number, headers: string[]): void
  head(status: number, headers: string[], exchange: Exchange): void
  /** @returns false when it is enough for now; `exchange.resume()` asks for more */
  data(chunk: Buffer): boolean
  end(trailers: string[] | null): void
  /** The rest will not come, though the head is out. */
  broken(): void
}
