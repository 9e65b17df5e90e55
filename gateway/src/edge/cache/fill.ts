import type { Span } from '@opentelemetry/api'
import { BadGateway, type ProblemError } from '@portico/contracts'
import type { Exchange } from '../../forward/exchange.ts'
import type { Sink } from '../../forward/sink.ts'
import type { Ongoing } from '../../forward/target.ts'
import { lengthOf } from '../compression.ts'
import type { Visit } from '../visit.ts'
import { isConditional, isNotModified } from './conditions.ts'
import { type Entry, type KeptHead, keepHead } from './entry.ts'
import { fieldOf } from './fields.ts'
import type { FillTools } from './fill-tools.ts'
import { freshenedFields } from './freshen.ts'
import { matches } from './key.ts'
import { type Incoming, Reader } from './reader.ts'
import { sendNotModified } from './serve.ts'
import { statusField } from './status-field.ts'
import { isFailure, usableOnError } from './use.ts'

/** Another request for what is being fetched already. */
export interface Waiter {
  readonly visit: Visit
  /** Answered from the fill: nothing is left to do. */
  readonly answered: () => void
  /** The fill is of no use to it: it must ask by itself. */
  readonly alone: () => void
  /** Its answer has begun: it waits no longer. */
  readonly reads: () => void
}

export interface FillStart {
  readonly key: string
  /** Whose request goes upstream. */
  readonly visit: Visit
  /** A kept answer that is asked about, or may stand in for a failure. */
  readonly stale: Entry | null
  /** Why the request is forwarded, as `Cache-Status` says it (RFC 9211). */
  readonly reason: string
  /** Of a refresh behind the client's back: the kept answer was served already, nobody waits for this one. */
  readonly span: Span | null
}

const discardBytes = 64 * 1_024
const windowChunks = 4

/**
 * One request upstream whose answer goes to the client that caused it, into the cache if it may be kept, and to everybody
 * else who asked for the same meanwhile. As long as it is being kept nobody's pace is anybody else's: it flows in as fast
 * as the service sends, within the bound of one entry. What is not kept has one reader, and flows as that one reads.
 */
export class Fill implements Sink, Incoming {
  readonly chunks: Buffer[] = []
  ended = false
  trailers: readonly string[] | null = null
  readonly key: string
  readonly #start: FillStart
  readonly #tools: FillTools
  readonly #mark: number
  readonly #requestedAtMs: number
  readonly #leaderDone: (problem: ProblemError | null) => void
  readonly #waiters = new Set<Waiter>()
  readonly #readers = new Set<Reader>()
  #leaderWaits: boolean
  #ongoing: Ongoing | null = null
  #kept: KeptHead | null = null
  #bytes = 0
  #discarding = false
  #headSeen = false
  #over = false

  constructor(tools: FillTools, start: FillStart, leaderDone: (problem: ProblemError | null) => void) {
    this.#tools = tools
    this.#start = start
    this.key = start.key
    this.#leaderDone = leaderDone
    this.#leaderWaits = start.span === null
    this.#mark = tools.removals.mark()
    this.#requestedAtMs = tools.wallClock()
  }

  begin(): void {
    const { visit } = this.#start
    if (this.#leaderWaits) visit.response.on('close', this.#onLeaderClose)
    this.#ongoing = this.#tools.send(this.#start, this, problem => this.#settled(problem))
    // Refused before it began.
    if (this.#over) this.#ongoing = null
  }

  /** False: this one's answer is not for it. */
  join(waiter: Waiter): boolean {
    if (this.#over || this.#discarding || this.#waiters.size >= this.#tools.mostWaiters) return false
    if (this.#tools.removals.since(this.#mark) !== 'nothing') return false
    if (this.#headSeen && (this.#kept === null || !matches(this.#kept.selection, waiter.visit))) return false
    this.#waiters.add(waiter)
    if (this.#headSeen) this.#letRead(waiter)
    return true
  }

  leave(waiter: Waiter): void {
    this.#waiters.delete(waiter)
    this.#stopIfUnwanted()
  }

  // --- what the forwarder tells ------------------------------------------------------------------------------------

  information(status: number, headers: string[]): void {
    const { request, response } = this.#start.visit
    const takesIt = this.#leaderWaits && !response.headersSent && request.httpVersion === '1.1'
    if (takesIt) response.writeInformation(status, headers)
  }

  head(status: number, headers: string[], exchange: Exchange): void {
    exchange.status = status
    this.#headSeen = true
    const { stale } = this.#start
    if (status === 304 && stale !== null) this.#freshened(stale, headers)
    else if (isFailure(status) && stale !== null && usableOnError(stale.head, this.#tools.wallClock())) {
      this.#standIn(stale, status)
    } else this.#fresh(status, headers)
  }

  data(chunk: Buffer): boolean {
    this.#bytes += chunk.length
    if (this.#discarding) {
      if (this.#bytes > discardBytes) this.#giveUp()
      return true
    }
    this.chunks.push(chunk)
    if (this.#kept !== null && !this.#tools.room.take(this, chunk.length)) this.#doNotKeep()
    for (const reader of this.#readers) reader.pump()
    return this.#kept !== null || this.chunks.length < windowChunks
  }

  end(trailers: string[] | null): void {
    this.ended = true
    this.trailers = trailers
    this.#keep()
    for (const reader of this.#readers) reader.pump()
  }

  broken(): void {
    this.#kept = null
    for (const reader of this.#readers) reader.destroy()
    this.#sendAllAlone()
  }

  // --- what readers tell -------------------------------------------------------------------------------------------

  taken(reader: Reader): void {
    if (this.#kept !== null || this.ended) return
    let least = reader.index
    for (const { index } of this.#readers) least = Math.min(least, index)
    if (least === 0) return
    this.chunks.splice(0, least)
    for (const other of this.#readers) other.index -= least
    if (this.chunks.length === 0) this.#ongoing?.resume()
  }

  left(reader: Reader): void {
    this.#readers.delete(reader)
    this.#stopIfUnwanted()
  }

  // --- the three kinds of head -------------------------------------------------------------------------------------

  #freshened(stale: Entry, update: string[]): void {
    this.#discarding = true
    const headers = freshenedFields(stale.head, update)
    const head = this.#headToKeep(stale.head.status, headers)
    const entry = head === null ? null : { ...stale, head: withLength(head, stale.body), kept: false }
    if (entry !== null && this.#mayKeep(entry.head.tags)) this.#tools.store.put(entry, this.#start.visit)
    else this.#tools.store.remove(stale)
    this.#answerAll(entry ?? stale, statusField({ fwd: this.#start.reason, status: 304, stored: entry?.kept ?? false }))
  }

  #standIn(stale: Entry, status: number): void {
    this.#discarding = true
    this.#answerAll(stale, statusField({ fwd: this.#start.reason, ...(status > 0 ? { status } : {}) }))
  }

  #fresh(status: number, headers: string[]): void {
    const { visit, reason, stale } = this.#start
    const lengthText = fieldOf(headers, 'content-length')
    const length = lengthText === undefined ? null : Number(lengthText)
    const head = length !== null && length > this.#tools.room.entryBytes ? null : this.#headToKeep(status, headers)
    this.#kept = head
    if (head === null) {
      this.#tools.notShared(this.key)
      // Something newer was said and may not be kept: what is kept is no longer true.
      if (stale !== null && !isFailure(status)) this.#tools.store.remove(stale)
    }
    if (this.#leaderWaits)
      this.#answerLeader(visit, status, headers, statusField({ fwd: reason, stored: head !== null }))
    if (head === null) this.#sendAllAlone()
    else for (const waiter of [...this.#waiters]) this.#letRead(waiter)
    this.#stopIfUnwanted()
  }

  #answerLeader(visit: Visit, status: number, headers: string[], how: string): void {
    const { response, request } = visit
    const answer = { status, headers: [...headers] }
    const through = this.#tools.compressor?.between(visit, answer) ?? null
    const dressed = answer.headers
    this.#tools.heads.dress(visit, dressed)
    dressed.push('cache-status', how)
    const validated = {
      etag: fieldOf(headers, 'etag'),
      lastModified: fieldOf(headers, 'last-modified'),
      headers,
      receivedAtMs: this.#tools.wallClock(),
    }
    if (status === 200 && isConditional(request.headers) && isNotModified(request.headers, validated)) {
      this.#leaderIsDone(null)
      sendNotModified(visit, dressed)
      this.#tools.report(visit, 304, 0)
      return
    }
    response.off('close', this.#onLeaderClose)
    this.#reader(visit, () => this.#leaderIsDone(null)).begin(status, dressed, through)
    this.#leaderWaits = false
  }

  // --- those who wait ----------------------------------------------------------------------------------------------

  /** A plain request reads along when it is known that all of it will be kept; others wait for the whole. */
  #letRead(waiter: Waiter): void {
    const head = this.#kept
    if (head === null || !this.#waiters.has(waiter)) return
    const { visit } = waiter
    if (!matches(head.selection, visit)) {
      this.#waiters.delete(waiter)
      waiter.alone()
      return
    }
    const bounded = fieldOf(head.headers, 'content-length') !== undefined
    if (!bounded || isConditional(visit.request.headers) || visit.response.destroyed) return
    this.#waiters.delete(waiter)
    const headers = [...head.dressed, ...visit.answerHeaders]
    headers.push('cache-status', statusField({ fwd: this.#start.reason, collapsed: true }))
    const reader = this.#reader(visit, waiter.answered)
    waiter.reads()
    reader.begin(head.status, headers, null)
    reader.pump()
  }

  #reader(visit: Visit, done: () => void): Reader {
    const reader = new Reader(visit.response, this, ({ status, bytes }) => {
      this.#tools.report(visit, status, bytes)
      done()
    })
    this.#readers.add(reader)
    return reader
  }

  #answerAll(entry: Entry, how: string): void {
    if (this.#leaderWaits) {
      const { visit } = this.#start
      if (!visit.response.destroyed) this.#tools.serve(visit, entry, how)
      this.#leaderIsDone(null)
    }
    for (const waiter of this.#waiters) {
      if (matches(entry.head.selection, waiter.visit)) {
        this.#tools.serve(waiter.visit, entry, `${how};collapsed`)
        waiter.answered()
      } else waiter.alone()
    }
    this.#waiters.clear()
  }

  #sendAllAlone(): void {
    const waiters = [...this.#waiters]
    this.#waiters.clear()
    for (const waiter of waiters) waiter.alone()
  }

  // --- keeping -----------------------------------------------------------------------------------------------------

  #headToKeep(status: number, headers: readonly string[]): KeptHead | null {
    const { visit } = this.#start
    const policy = visit.route?.policy.cache
    if (!policy) return null
    const receivedAtMs = this.#tools.wallClock()
    const moments = { requestedAtMs: this.#requestedAtMs, receivedAtMs }
    const { heads, compressor } = this.#tools
    const dress = (list: string[]) => heads.dress(null, list)
    const isCompressible = (of: number, list: readonly string[]) =>
      visit.route?.policy.flow === 'message' &&
      !!compressor &&
      compressor.choose('*', of, list, lengthOf(list)) !== null
    return keepHead({ visit, policy, status, headers, moments, dress, isCompressible })
  }

  #mayKeep(tags: readonly string[]): boolean {
    const removed = this.#tools.removals.since(this.#mark)
    if (removed === 'nothing') return true
    return removed !== 'unknown' && !removed.keys.has(this.key) && !tags.some(tag => removed.tags.has(tag))
  }

  #keep(): void {
    const head = this.#kept
    if (head === null || this.#discarding) return
    const body = this.chunks.length === 1 && this.chunks[0] ? this.chunks[0] : Buffer.concat(this.chunks, this.#bytes)
    const entry: Entry = { key: this.key, head: withLength(head, body), body, encoded: new Map(), kept: false }
    if (this.#mayKeep(head.tags)) this.#tools.store.put(entry, this.#start.visit)
    this.#answerAll(entry, statusField({ fwd: this.#start.reason }))
  }

  /** Too much after all. Those who read along read on; those who waited for the whole do not wait longer. */
  #doNotKeep(): void {
    this.#kept = null
    this.#sendAllAlone()
    this.#stopIfUnwanted()
  }

  // --- ends --------------------------------------------------------------------------------------------------------

  readonly #onLeaderClose = (): void => {
    const { visit } = this.#start
    if (!this.#leaderWaits) return
    this.#tools.report(visit, 0, 0)
    this.#leaderIsDone(null)
    this.#stopIfUnwanted()
  }

  #leaderIsDone(problem: ProblemError | null): void {
    this.#leaderWaits = false
    this.#start.visit.response.off('close', this.#onLeaderClose)
    this.#leaderDone(problem)
  }

  #stopIfUnwanted(): void {
    const wanted = this.#leaderWaits || this.#readers.size > 0 || this.#waiters.size > 0
    if (wanted || this.ended || this.#discarding) return
    // What will be kept is read to its end: it is short, and the next one asks for it.
    if (this.#headSeen ? this.#kept === null : this.#start.span === null) this.#giveUp()
  }

  #giveUp(): void {
    if (this.#over || this.#ongoing === null) return
    const ongoing = this.#ongoing
    // Not from within the forwarder's own call.
    queueMicrotask(() => ongoing.giveUp())
  }

  #settled(problem: ProblemError | null): void {
    if (this.#over) return
    this.#over = true
    this.#tools.room.release(this)
    this.#tools.settled(this)
    if (problem !== null) this.#failed(problem)
    else if (this.#leaderWaits) this.#failed(BadGateway())
    this.#sendAllAlone()
  }

  #failed(problem: ProblemError): void {
    const { stale } = this.#start
    if (stale !== null && usableOnError(stale.head, this.#tools.wallClock())) this.#standIn(stale, 0)
    else if (this.#leaderWaits) this.#leaderIsDone(problem)
  }
}

/** A kept body's length is known, whatever way it came. */
function withLength(head: KeptHead, body: Buffer): KeptHead {
  if (head.status === 204 || fieldOf(head.dressed, 'content-length') !== undefined) return head
  return { ...head, dressed: [...head.dressed, 'content-length', String(body.length)] }
}
