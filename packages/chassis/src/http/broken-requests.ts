import type { Socket } from 'node:net'
import { BadRequest, HeadersTooLarge, type ProblemDefinition, RequestTimeout } from '@portico/contracts'

/** Too long a header block, too slow a request; everything else that Node's parser refuses is not HTTP. */
const definitions: Readonly<Record<string, ProblemDefinition>> = {
  HPE_HEADER_OVERFLOW: HeadersTooLarge,
  ERR_HTTP_REQUEST_TIMEOUT: RequestTimeout,
}

/** What is not even a request has no route and no reply: the problem is written onto the socket, which then ends. */
export function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  if (socket.writable) {
    const problem = (definitions[error.code ?? ''] ?? BadRequest)()
    const body = JSON.stringify(problem.toProblem())
    socket.write(
      `HTTP/1.1 ${problem.status} ${problem.title}\r\nContent-Type: application/problem+json\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    )
  }
  socket.destroySoon()
}
