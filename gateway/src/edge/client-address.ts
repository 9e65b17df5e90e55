import type { Socket } from 'node:net'
import { BlockList, isIP } from 'node:net'
import type { Visit } from './visit.ts'

/** The other end of a connection: worked out once, used by each of its requests. */
export interface Peer {
  readonly address: string
  readonly encrypted: boolean
  /** One of our own proxies: what it says about the client is believed. */
  readonly trusted: boolean
  /** Its last request has come: whatever else is read from the connection is no request (RFC 9112, section 9.6). */
  closing: boolean
  /** The session's secret that it sent last, and its hash: a connection is mostly one user's. */
  lastToken: string
  lastKey: string
}

export interface ClientAddresses {
  peerOf(socket: Socket): Peer
  /** Settles address and scheme of the client, through trusted hops only. */
  settle(visit: Visit): void
}

/**
 * `trusted` lists networks in CIDR notation. `X-Forwarded-For` is walked from the right: each hop was written by the one
 * after it, so the first that is not ours is the last that can be believed. What a client wrote there itself lies
 * further left and is never reached.
 */
export function createClientAddresses(trusted: readonly string[]): ClientAddresses {
  const networks = blockList(trusted)
  const peers = new WeakMap<Socket, Peer>()
  const isTrusted = (address: string) => trusted.length > 0 && contains(networks, address)

  function peerOf(socket: Socket): Peer {
    const known = peers.get(socket)
    if (known) return known
    const address = plain(socket.remoteAddress ?? '')
    const peer = {
      address,
      encrypted: 'encrypted' in socket,
      trusted: isTrusted(address),
      closing: false,
      lastToken: '',
      lastKey: '',
    }
    peers.set(socket, peer)
    return peer
  }

  function settle(visit: Visit): void {
    const { peer, request } = visit
    if (!peer.trusted) return
    const hops = text(request.headers['x-forwarded-for']).split(',')
    for (let index = hops.length - 1; index >= 0; index -= 1) {
      const hop = plain(hops[index]?.trim() ?? '')
      if (isIP(hop) === 0) break
      visit.clientAddress = hop
      if (!isTrusted(hop)) break
    }
    const scheme = text(request.headers['x-forwarded-proto']).split(',').at(-1)?.trim().toLowerCase()
    if (scheme === 'https' || scheme === 'http') visit.scheme = scheme
  }

  return { peerOf, settle }
}

/** Throws for what is not a network; its message holds the text as given. */
export function blockList(networks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', prefix] = network.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    const bits = prefix === undefined ? (family === 'ipv6' ? 128 : 32) : Number(prefix)
    if (isIP(address) === 0 || !Number.isInteger(bits) || bits < 0 || bits > (family === 'ipv6' ? 128 : 32)) {
      throw new RangeError(`${network} is not an address or a network such as 10.0.0.0/8`)
    }
    list.addSubnet(address, bits, family)
  }
  return list
}

const contains = (list: BlockList, address: string) => list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')

/** An IPv4 address in IPv6's clothes is the IPv4 address; ports and brackets go. */
function plain(address: string): string {
  if (address.startsWith('::ffff:') && address.includes('.')) return address.slice(7)
  if (address.startsWith('[')) return address.slice(1, address.indexOf(']'))
  const colon = address.indexOf(':')
  return colon > 0 && colon === address.lastIndexOf(':') ? address.slice(0, colon) : address
}

const text = (value: string | string[] | undefined) => (Array.isArray(value) ? value.join(',') : (value ?? ''))
