const everyMs = 40
const attemptMs = 2_000

/** Resolves when this URL answers 200; rejects with the signal's reason. The process it belongs to has no other limit. */
export async function answering(url: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted()
    if (await answers200(url, signal)) return
    await new Promise(resolve => setTimeout(resolve, everyMs))
  }
}

/** Whether anything comes back from there, be it good or bad news. Never rejects. */
export async function answersAtAll(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    const response = await fetch(url, { signal })
    await response.body?.cancel()
    return true
  } catch {
    return false
  }
}

async function answers200(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(attemptMs)]) })
    await response.body?.cancel()
    return response.status === 200
  } catch {
    return false
  }
}
