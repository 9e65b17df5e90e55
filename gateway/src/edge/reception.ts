import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import { Http2ServerRequest } from 'node:http2'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import type { SpanContext } from '@opentelemetry/api'
import {
  BadRequest,
  HeadersTooLarge,
  InternalError,
  MethodNotAllowed,
  ProblemError,
  RequestTimeout,
  TargetTooLong,
} from '@portico/contracts'
import type { Telemetry } from '@portico/telemetry'
import type { AnswerHeads } from './answer-head.ts'
import type { ClientAddresses } from './client-address.ts'
import type { Farewell } from './farewell.ts'
import { checkAuthority, checkFraming } from './framing.ts'
import type { Limits } from './limits.ts'
import { problemMessage } from './problem-answer.ts'
import { readTarget } from './target.ts'
import { serverTimingOf } from './trace.ts'
import { Visit } from './visit.ts'

/** Where a request meets the edge first: what cannot be read one way only is turned away here. */
export interface Reception {
  /** Null: it was refused and answered. */
  receive(request: IncomingMessage, response: ServerResponse): Visit | null
  /** Throws a ProblemError instead of answering it. */
  read(request: IncomingMessage, response: ServerResponse): Visit
  visitOf(request: IncomingMessage): Visit
  /** Answers CONNECT: on HTTP/1.1's socket, or with HTTP/2's response. */
  refuseTunnel(request: IncomingMessage, to: Duplex | ServerResponse): void
  /** Answers what Node's parser refused. */
  onClientError(error: Error & { code?: string }, socket: Socket): void
}

export interface ReceptionOptions {
  clock: () => number
  telemetry: Telemetry
  addresses: ClientAddresses
  heads: AnswerHeads
  limits: Pick<Limits, 'headerBytes' | 'headerCount'>
  farewell: Farewell
}

const own = Symbol('visit')
interface Visited extends IncomingMessage {
  [own]?: Visit
}

export function createReception({ clock, telemetry, addresses, heads, limits, farewell }: ReceptionOptions): Reception {
  function read(request: Visited, response: ServerResponse): Visit {
    checkFraming(request, limits)
    const target = readTarget(request.method ?? 'GET', request.url ?? '')
    const visit = new Visit(request, response, target, addresses.peerOf(request.socket), clock())
    checkAuthority(target, visit.host)
    request[own] = visit
    // Not for HTTP/2: its other requests come over the same connection.
    if (farewell.said && !(request instanceof Http2ServerRequest)) response.shouldKeepAlive = false
    if (response.shouldKeepAlive === false) visit.peer.closing = true
    return visit
  }

  // Its trace has one span and no more: enough to find it by the id in the answer.
  function traceOf(problem: ProblemError): SpanContext {
    const span = telemetry.tracer.startSpan('unreadable request', {
      root: true,
      attributes: { 'error.type': problem.code },
    })
    span.end()
    return span.spanContext()
  }

  function refusal(problem: ProblemError) {
    const trace = traceOf(problem)
    const withTrace = new ProblemError(problem, {
      ...(problem.detail === undefined ? {} : { detail: problem.detail }),
      headers: { ...problem.headers, connection: 'close' },
      extensions: { traceId: trace.traceId },
    })
    const message = problemMessage(withTrace, null, heads)
    // Only now: what a service says under these names is taken out.
    message.headers.push('x-request-id', trace.traceId, 'server-timing', serverTimingOf(trace))
    return message
  }

  function refuse(request: IncomingMessage, response: ServerResponse, problem: ProblemError): void {
    const { headers, body } = refusal(problem)
    response.writeHead(problem.status, headers)
    response.end(request.method === 'HEAD' ? undefined : body)
  }

  function refuseOnSocket(socket: Duplex, problem: ProblemError): void {
    const { headers, body } = refusal(problem)
    const lines: string[] = [`HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`]
    for (let index = 0; index < headers.length; index += 2) lines.push(`${headers[index]}: ${headers[index + 1]}`)
    socket.end(`${lines.join('\r\n')}\r\n\r\n${body.toString()}`)
  }

  return {
    read,
    receive(request, response) {
      const peer = addresses.peerOf(request.socket)
      // Node goes on reading requests behind one that was the last.
      if (peer.closing) return null
      try {
        return read(request, response)
      } catch (error) {
        const problem = error instanceof ProblemError ? error : InternalError({ cause: error })
        peer.closing = true
        refuse(request, response, problem)
        return null
      }
    },
    refuseTunnel(request, to) {
      if (to instanceof Duplex) {
        to.on('error', () => to.destroy())
        refuseOnSocket(to, noTunnels)
      } else refuse(request, to, noTunnels)
    },
    visitOf(request: Visited) {
      const visit = request[own]
      if (visit === undefined) throw new Error('a request came round the reception')
      return visit
    },
    onClientError(error, socket) {
      // Nothing may be written into the middle of an answer.
      const isAnswering = '_httpMessage' in socket && socket._httpMessage !== null && socket.bytesWritten > 0
      if (!socket.writable || error.code === 'ECONNRESET' || isAnswering) {
        socket.destroy()
        return
      }
      refuseOnSocket(socket, problemOf(error.code))
    },
  }
}

function problemOf(code: string | undefined): ProblemError {
  if (code === 'HPE_HEADER_OVERFLOW') return HeadersTooLarge()
  if (code === 'HPE_URL_OVERFLOW') return TargetTooLong()
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return RequestTimeout()
  return BadRequest({ detail: 'This is not HTTP.' })
}

// RFC 9110, section 15.5.6: what is asked for has no methods at all.
const noTunnels = MethodNotAllowed({ detail: 'No tunnels are made here.', headers: { allow: '' } })
