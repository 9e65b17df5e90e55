import { connect, type TLSSocket } from 'node:tls'

// Frames of HTTP/2 (RFC 9113, section 4.1), written by hand: Node's client cannot reset a stream without ending it first.

const types = { data: 0, headers: 1, reset: 3, settings: 4, continuation: 9 } as const
const endStream = 1
const endHeaders = 4
const cancel = Buffer.from([0, 0, 0, 8])

function frame(type: keyof typeof types, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head.writeUInt8(types[type], 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** HPACK's plainest form: a literal without index (RFC 7541, section 6.2.2). */
const field = (name: string, value: string) =>
  Buffer.concat([Buffer.from([0]), length(name), Buffer.from(name), length(value), Buffer.from(value)])

/** An integer with a prefix of seven bits (RFC 7541, section 5.1). */
function length(text: string): Buffer {
  if (text.length < 127) return Buffer.from([text.length])
  const bytes = [127]
  let rest = text.length - 127
  for (; rest >= 128; rest >>= 7) bytes.push((rest & 127) | 128)
  return Buffer.from([...bytes, rest])
}

async function open(port: number): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'] })
  await new Promise<void>((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject))
  return socket
}

const preface = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  frame('settings', 0, 0, Buffer.alloc(0)),
])

const head = (method: string, port: number, path: string, more: Record<string, string> = {}) =>
  Buffer.concat(
    Object.entries({
      ':method': method,
      ':scheme': 'https',
      ':path': path,
      ':authority': `127.0.0.1:${port}`,
      ...more,
    }).map(([name, value]) => field(name, value)),
  )

/** Begins an upload without a length. `reset` gives it up as a browser does. */
export async function beginUpload(port: number, path: string, part: string): Promise<{ reset(): void }> {
  const socket = await open(port)
  socket.resume()
  socket.write(
    Buffer.concat([
      preface,
      frame('headers', endHeaders, 1, head('POST', port, path)),
      frame('data', 0, 1, Buffer.from(part)),
    ]),
  )
  return { reset: () => socket.end(frame('reset', 0, 1, cancel)) }
}

const frameBytes = 16_384

/** Asks without ever acknowledging the settings of the other side. Gives what comes back first, frames and all. */
export async function requestBeforeAcknowledging(
  port: number,
  path: string,
  fields: Record<string, string>,
): Promise<string> {
  const socket = await open(port)
  const block = head('GET', port, path, fields)
  const rest: Buffer[] = []
  for (let from = frameBytes; from < block.length; from += frameBytes) {
    const isLast = from + frameBytes >= block.length
    rest.push(frame('continuation', isLast ? endHeaders : 0, 1, block.subarray(from, from + frameBytes)))
  }
  const flags = endStream | (rest.length === 0 ? endHeaders : 0)
  socket.write(Buffer.concat([preface, frame('headers', flags, 1, block.subarray(0, frameBytes)), ...rest]))
  let received = ''
  for await (const part of socket) {
    received += part.toString('latin1')
    if (received.includes('}')) break
  }
  return received
}
