import type { Duplex } from 'node:stream'

const peer = Symbol('peer')
interface Joined extends Duplex {
  [peer]?: Joined | null
}

/**
 * Joins two sockets: what one says the other hears, no faster than it listens; when one ends its side the other is told;
 * when one is gone both are. The listeners are shared functions, so an idle pair costs two sockets and nothing else.
 */
export function splice(one: Duplex, other: Duplex): void {
  join(one, other)
  join(other, one)
}

function join(from: Joined, to: Joined): void {
  from[peer] = to
  from.on('data', onData)
  from.on('drain', onDrain)
  from.on('end', onEnd)
  from.on('error', onClose)
  from.on('close', onClose)
  from.resume()
}

function onData(this: Joined, chunk: Buffer): void {
  if (this[peer]?.write(chunk) === false) this.pause()
}

function onDrain(this: Joined): void {
  this[peer]?.resume()
}

function onEnd(this: Joined): void {
  this[peer]?.end()
}

function onClose(this: Joined): void {
  const to = this[peer]
  this[peer] = null
  to?.destroy()
}
