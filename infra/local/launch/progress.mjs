const everyMs = 120
const quietEveryMs = 10_000
const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']

/**
 * One line that moves on a terminal; elsewhere a line when a step begins, each 10 s while it lasts, and when it is done.
 *
 * @param {NodeJS.WriteStream} stream
 */
export function createProgress(stream) {
  let step = null
  let timer = null
  const seconds = () => ((Date.now() - step.startedAt) / 1000).toFixed(1)

  function draw() {
    if (!stream.isTTY) {
      stream.write(`  … ${step.name}${step.detail ? `: ${step.detail}` : ''} (${seconds()} s)\n`)
      return
    }
    const frame = frames[Math.floor(Date.now() / everyMs) % frames.length]
    const line = `  ${frame} ${step.name} ${seconds()} s  ${step.detail}`
    stream.write(`\r\u001b[2K${line.slice(0, (stream.columns || 80) - 1)}`)
  }

  function end() {
    if (timer) clearInterval(timer)
    if (timer && stream.isTTY) stream.write('\r\u001b[2K')
    timer = null
    step = null
  }

  return {
    begin(name) {
      end()
      step = { name, detail: '', startedAt: Date.now() }
      if (!stream.isTTY) stream.write(`  … ${name}\n`)
      timer = setInterval(draw, stream.isTTY ? everyMs : quietEveryMs)
    },
    detail(text) {
      if (step) step.detail = text
    },
    done() {
      if (!step) return
      const line = `  ✓ ${step.name} (${seconds()} s)`
      end()
      stream.write(`${line}\n`)
    },
    end,
  }
}
