import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { RouteTable } from '../discovery/route-table.ts'
import { lastWords } from '../forward/upgrade.ts'
import { UpgradeRefused } from './errors.ts'
import type { Reception } from './reception.ts'
import { readTarget } from './target.ts'
import type { Visit } from './visit.ts'

/**
 * Whether a request may become something else. Only a WebSocket's handshake on a route that is one: any other `Upgrade`
 * (h2c, as curl sends it) is ignored, as RFC 9110, section 7.8 allows, and the request answered as it is.
 */
export function mayUpgrade(request: IncomingMessage, table: RouteTable): boolean {
  if (request.headers.upgrade?.toLowerCase() !== 'websocket' || request.method !== 'GET') return false
  try {
    const { path } = readTarget('GET', request.url ?? '')
    return table.find('GET', path)?.policy.flow === 'websocket'
  } catch {
    return false
  }
}

/** Takes a handshake through the same steps as every request; what they refuse is answered on the socket. */
export function createUpgrades({
  reception,
  run,
  answerProblem,
}: {
  reception: Reception
  /** The steps, of which the last finds `visit.upgrade` and joins the sockets. */
  run: (visit: Visit) => Promise<void> | undefined
  answerProblem: (visit: Visit, error: unknown) => void
}): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  return (request, socket, head) => {
    const response = new ServerResponse(request)
    response.shouldKeepAlive = false
    // The type says Socket; TLS gives one too, and nothing else comes here.
    response.assignSocket(request.socket)
    response.on('finish', () => lastWords(socket, ''))
    const gone = () => socket.destroy()
    socket.on('error', gone)
    const visit = reception.receive(request, response)
    if (visit === null) return
    visit.upgrade = {
      head,
      take() {
        response.detachSocket(request.socket)
        socket.off('error', gone)
        return socket
      },
    }
    try {
      checkHandshake(request)
      run(visit)?.catch(error => answerProblem(visit, error))
    } catch (error) {
      answerProblem(visit, error)
    }
  }
}

/** RFC 6455, section 4.2.1. */
function checkHandshake({ headers }: IncomingMessage): void {
  if (headers['sec-websocket-version'] !== '13') throw UpgradeRefused({ headers: { 'sec-websocket-version': '13' } })
  if (!/^[A-Za-z0-9+/]{22}==$/.test(headers['sec-websocket-key'] ?? '')) throw UpgradeRefused()
}
