import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Directory } from '../discovery/directory.ts'
import type { ClientAddresses } from './client-address.ts'
import { type Limits, limitConnections, serverOptions } from './limits.ts'
import type { Reception } from './reception.ts'
import { mayUpgrade } from './upgrade.ts'

/** The HTTP server with the edge's limits, its requests handed on only after the reception has read them. */
export function createEdgeServer(
  {
    limits,
    reception,
    addresses,
    directory,
  }: { limits: Limits; reception: Reception; addresses: ClientAddresses; directory: Directory },
  handler: (request: IncomingMessage, response: ServerResponse) => void,
  upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void,
): Server {
  const server = createServer({
    ...serverOptions(limits),
    shouldUpgradeCallback: request => mayUpgrade(request, directory.table),
  })
  const receive = (request: IncomingMessage, response: ServerResponse) => {
    if (reception.receive(request, response) !== null) handler(request, response)
  }
  // Node drops what is over its own limit without a word; the reception counts, and refuses.
  server.maxHeadersCount = 0
  server.on('request', receive)
  // An expectation is met, or not, only after the edge has looked at the request.
  server.on('checkContinue', receive)
  server.on('checkExpectation', receive)
  server.on('upgrade', upgrade)
  server.on('clientError', (error: Error & { code?: string }, socket) =>
    reception.onClientError(error, socket as Socket),
  )
  limitConnections(server, limits.connectionsPerAddress, socket => addresses.peerOf(socket).address)
  return server
}
