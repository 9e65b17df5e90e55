import { setTimeout as pause } from 'node:timers/promises'

/** How a process that runs is asked whether it lives. */
export interface LifeSigns {
  /** Whether it says anything at all within the signal's time. */
  readonly answers: (signal: AbortSignal) => Promise<boolean>
  readonly everyMs: number
  readonly timeoutMs: number
  /** After so many silences in a row it is taken for dead. */
  readonly silences: number
}

/** Together 32 s at least: a process that was only starved of a busy machine's cores has answered by then. */
export const patient = { everyMs: 3_000, timeoutMs: 5_000, silences: 4 } as const
/** An answer may be late by our own fault: so late is our timer then. */
const stallMs = 500

/** Resolves true when the process says nothing any more, false when it ended by itself. */
export async function fellSilent(signs: LifeSigns, ended: AbortSignal): Promise<boolean> {
  for (let silent = 0; silent < signs.silences; ) {
    const asked = performance.now()
    await pause(signs.everyMs, undefined, { signal: ended }).catch(() => {})
    const answered = await signs.answers(AbortSignal.any([ended, AbortSignal.timeout(signs.timeoutMs)]))
    if (ended.aborted) return false
    // Who could not run for a while has no right to judge by that while.
    const weStalled = performance.now() - asked > signs.everyMs + signs.timeoutMs + stallMs
    if (answered) silent = 0
    else if (!weStalled) silent += 1
  }
  return true
}
