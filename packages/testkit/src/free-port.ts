import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * Below what kernels give out by themselves (from 32768 on Linux, from 49152 elsewhere): in the seconds until our
 * process listens, or while a killed one is away, nobody who listens on 0 or connects somewhere is given its port.
 */
const first = 20_000
const end = 32_000
const mostTries = 1_000

const given = new Set<number>()

/** A TCP port on loopback that was free a moment ago, another one each time. Whoever can listen on 0 does that instead. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < mostTries; tries++) {
    const port = randomInt(first, end)
    if (given.has(port) || !(await isFree(port))) continue
    given.add(port)
    return port
  }
  throw new Error(`none of ${mostTries} ports from ${first} to ${end} was free`)
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}
