import { crc32, deflateSync } from 'node:zlib'

/** A PNG of one colour each row, `side` pixels square: a photo for those who have none. */
export function picture(side: number, seed: number): Blob {
  const rows = Array.from({ length: side }, (_, y) =>
    Buffer.concat([Buffer.of(0), Buffer.alloc(side * 3, Buffer.of(seed % 256, y % 256, (seed >> 8) % 256))]),
  )
  const header = Buffer.alloc(13)
  header.writeUInt32BE(side, 0)
  header.writeUInt32BE(side, 4)
  // 8 bits a channel, red, green and blue.
  header.set([8, 2, 0, 0, 0], 8)
  const signature = Buffer.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)
  const chunks = [chunk('IHDR', header), chunk('IDAT', deflateSync(Buffer.concat(rows))), chunk('IEND', Buffer.of())]
  return new Blob([Buffer.concat([signature, ...chunks])], { type: 'image/png' })
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const checksum = Buffer.alloc(4)
  checksum.writeUInt32BE(crc32(named))
  return Buffer.concat([length, named, checksum])
}
