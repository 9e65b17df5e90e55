import { connect } from 'node:net'

/** Sends bytes as they are and gathers what comes back until the other side closes, or nothing comes for `quietMs`. */
export function raw(port: number, bytes: string | readonly string[], { quietMs = 300 } = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const parts = typeof bytes === 'string' ? [bytes] : bytes
    const socket = connect(port, '127.0.0.1')
    let received = ''
    const finish = () => {
      socket.destroy()
      resolve(received)
    }
    socket.setTimeout(quietMs, finish)
    socket.on('connect', () => {
      for (const part of parts) socket.write(Buffer.from(part, 'latin1'))
    })
    socket.on('data', chunk => {
      received += chunk.toString('latin1')
    })
    socket.on('close', finish)
    socket.on('error', error => (received === '' ? reject(error) : finish()))
  })
}

export const statusOf = (answer: string) => Number(/^HTTP\/1\.[01] (\d{3})/.exec(answer)?.[1] ?? 0)
export const bodyOf = (answer: string) => answer.slice(answer.indexOf('\r\n\r\n') + 4)
