const tickMs = 10

export interface Stopwatch extends Disposable {
  (): number
}

/**
 * Milliseconds from now on, less those in which the machine did not let this thread run: between two ticks of its own,
 * what it neither asked to wait nor used of the processor. A product that is slow itself, in this process or in another,
 * is measured as it is; a machine that stands still proves nothing about it. For asserting what is promised by time.
 *
 * @example
 * using tookMs = stopwatch()
 * await revoked()
 * t.ok(tookMs() < 1_000)
 */
export function stopwatch(): Stopwatch {
  const beganAt = performance.now()
  let stalledMs = 0
  let lastAt = beganAt
  let lastCpuMs = cpuMs()
  const look = () => {
    const now = performance.now()
    const usedMs = cpuMs()
    stalledMs += Math.max(0, now - lastAt - tickMs - (usedMs - lastCpuMs))
    lastAt = now
    lastCpuMs = usedMs
    return now - beganAt - stalledMs
  }
  const timer = setInterval(look, tickMs).unref()
  return Object.assign(look, { [Symbol.dispose]: () => clearInterval(timer) })
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}
