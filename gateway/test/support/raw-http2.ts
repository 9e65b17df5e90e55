import { connect } from 'node:tls'

// Frames of HTTP/2 (RFC 9113, section 4.1), written by hand: Node's client cannot reset a stream without ending it first.

const types = { data: 0, headers: 1, reset: 3, settings: 4 } as const
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

/** HPACK's plainest form: a literal without index, of less than 127 bytes each (RFC 7541, section 6.2.2). */
const field = (name: string, value: string) =>
  Buffer.concat([Buffer.from([0, name.length]), Buffer.from(name), Buffer.from([value.length]), Buffer.from(value)])

/** Begins an upload without a length. `reset` gives it up as a browser does. */
export async function beginUpload(port: number, path: string, part: string): Promise<{ reset(): void }> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'] })
  await new Promise<void>((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject))
  socket.resume()
  const head = { ':method': 'POST', ':scheme': 'https', ':path': path, ':authority': `127.0.0.1:${port}` }
  socket.write(
    Buffer.concat([
      Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
      frame('settings', 0, 0, Buffer.alloc(0)),
      frame('headers', endHeaders, 1, Buffer.concat(Object.entries(head).map(([name, value]) => field(name, value)))),
      frame('data', 0, 1, Buffer.from(part)),
    ]),
  )
  return { reset: () => socket.end(frame('reset', 0, 1, cancel)) }
}
