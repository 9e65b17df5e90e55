import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { Overloaded } from '@portico/contracts'
import { BodyTooComplex } from '@portico/contracts/content'
import { type Rendered, renderPost } from './render.ts'

export interface Renderer {
  /**
   * Rejects with the signal's reason when nobody waits any more before its turn came.
   * @throws BodyTooComplex, Overloaded
   */
  post(markdown: string, signal: AbortSignal): Promise<Rendered>
  close(): Promise<void>
}

export interface RendererOptions {
  /** Up to so many characters take some ms, whatever they are, and less than a thread costs. */
  inlineLength?: number
  timeoutMs?: number
  /** How many long texts may wait for the thread. */
  waitingLimit?: number
}

const workerFile = new URL('./render-worker.ts', import.meta.url)
const heapLimitMb = 512

/**
 * Renders short texts at once and long ones in a thread, one after the other: 850,000 characters of release notes take
 * seconds, and some texts of a few characters over and over take many more. Meanwhile everybody else is served; and a
 * thread, unlike a loop, can be ended.
 */
export function createRenderer(options: RendererOptions = {}): Renderer {
  const { inlineLength = 8_000, timeoutMs = 8_000, waitingLimit = 16 } = options
  const closing = new AbortController()
  let worker: Worker | null = null
  let taken = 0
  let last: Promise<unknown> = Promise.resolve()

  async function inThread(markdown: string): Promise<Rendered> {
    worker ??= startWorker()
    const mine = worker
    mine.ref()
    try {
      mine.postMessage(markdown)
      const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(timeoutMs)])
      const [rendered] = await once(mine, 'message', { signal })
      return rendered as Rendered
    } catch (error) {
      worker = null
      await mine.terminate()
      throw wasTooMuch(error) ? BodyTooComplex({ cause: error }) : error
    } finally {
      // An idle thread keeps no process.
      mine.unref()
    }
  }

  return {
    async post(markdown, signal) {
      if (markdown.length <= inlineLength) return renderPost(markdown)
      if (taken > waitingLimit) throw Overloaded({ headers: { 'retry-after': '5' } })
      taken += 1
      const turn = last.then(() => {
        signal.throwIfAborted()
        return inThread(markdown)
      })
      last = turn.catch(() => {})
      return await turn.finally(() => {
        taken -= 1
      })
    },
    async close() {
      closing.abort(new Error('the renderer is closing'))
      await worker?.terminate()
    },
  }
}

function startWorker(): Worker {
  return new Worker(workerFile, { resourceLimits: { maxOldGenerationSizeMb: heapLimitMb } })
}

/** Its time ran out, or its memory did. */
function wasTooMuch(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if ('code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY') return true
  return error.name === 'AbortError' && error.cause instanceof Error && error.cause.name === 'TimeoutError'
}
