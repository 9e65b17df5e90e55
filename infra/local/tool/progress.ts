/** How far something is: `posts 120 of 1050`. */
export interface Progress {
  readonly step: string
  readonly done: number
  readonly of: number
}

interface Stream {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

export interface ProgressView {
  show(progress: Progress): void
  /** Leaves the line free for what comes next. */
  end(): void
}

const barWidth = 30
const drawEveryMs = 80
const tellEveryMs = 5_000

/** A bar that moves on a terminal; elsewhere a line when a step begins, each 5 s while it lasts, and when it is done. */
export function createProgressView(stream: Stream, clock: () => number = () => performance.now()): ProgressView {
  let shownAtMs = Number.NEGATIVE_INFINITY
  let step = ''
  return {
    show(progress) {
      const isNew = progress.step !== step
      const isDue = clock() - shownAtMs >= (stream.isTTY ? drawEveryMs : tellEveryMs)
      if (!isNew && !isDue && progress.done < progress.of) return
      if (isNew && step !== '' && stream.isTTY) stream.write('\n')
      step = progress.step
      shownAtMs = clock()
      stream.write(stream.isTTY ? `\r\u001b[2K${bar(progress, stream.columns ?? 80)}` : `${plain(progress)}\n`)
    },
    end() {
      if (step !== '' && stream.isTTY) stream.write('\n')
      step = ''
    },
  }
}

function bar({ step, done, of }: Progress, columns: number): string {
  const filled = of === 0 ? barWidth : Math.floor((done / of) * barWidth)
  const line = `  ${step.padEnd(8)} ${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)} ${done} of ${of}`
  return line.slice(0, columns - 1)
}

function plain({ step, done, of }: Progress): string {
  return `  ${step}: ${done} of ${of}`
}
