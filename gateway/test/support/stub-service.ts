import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  type ContractDocument,
  contractDigest,
  contractPath,
  type OperationDocument,
  type Policy,
  policyOf,
} from '@portico/contracts'
import type { TestScope } from '@portico/testkit'

/** One route of a stub: only what a test cares about. */
export interface StubRoute {
  method?: string
  url: string
  policy?: Partial<Policy>
}

export interface StubOptions {
  service?: string
  version?: string
  routes: readonly StubRoute[]
  sessionExchange?: ContractDocument['sessionExchange']
  port?: number
  answer: (request: IncomingMessage, response: ServerResponse) => unknown
}

/** A replica as a gateway meets it: a real HTTP server with a contract, whose answers the test writes by hand. */
export interface StubReplica {
  readonly address: string
  readonly port: number
  readonly document: ContractDocument
  readonly digest: string
  readonly server: Server
  /** Requests that reached it, without its own probes. */
  readonly seen: IncomingMessage[]
  ready: boolean
  stop(): Promise<void>
}

export function stubContract({
  service = 'stub',
  version = '1.0.0',
  routes,
  sessionExchange,
}: Omit<StubOptions, 'answer'> & Partial<StubOptions>): ContractDocument {
  const operations: OperationDocument[] = routes.map(({ method = 'GET', url, policy }, index) => ({
    id: `operation${index}`,
    method,
    url,
    summary: `${method} ${url}`,
    description: '',
    tags: [],
    consumes: 'application/json',
    produces: 'application/json',
    policy: policyOf(method, { access: 'public', ...policy }),
    schema: { response: { 200: { type: 'object' } } },
    errors: [],
  }))
  const document: ContractDocument = {
    service,
    version,
    description: 'A stub',
    operations,
    events: [],
    broadcasts: [],
    listensTo: [],
    sessionExchange: sessionExchange ?? null,
  }
  return document
}

export async function stubReplica(t: TestScope, options: StubOptions): Promise<StubReplica> {
  const document = stubContract(options)
  const seen: IncomingMessage[] = []
  const replica = { ready: true }
  const server = createServer((request, response) => {
    if (request.url === contractPath) {
      response.setHeader('content-type', 'application/json').end(JSON.stringify(document))
    } else if (request.url === '/readyz') {
      response.writeHead(replica.ready ? 200 : 503).end()
    } else {
      seen.push(request)
      // A client that leaves in the middle is part of what is tested.
      Promise.resolve(options.answer(request, response)).catch(() => response.destroy())
    }
  })
  server.keepAliveTimeout = 72_000
  await new Promise<void>(resolve => server.listen(options.port ?? 0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const stop = async () => {
    if (!server.listening) return
    const closed = new Promise(resolve => server.close(resolve))
    server.closeAllConnections()
    await closed
  }
  t.after(stop)
  return Object.assign(replica, {
    address: `http://127.0.0.1:${port}`,
    port,
    document,
    digest: contractDigest(document),
    server,
    seen,
    stop,
  })
}

export function json(
  response: ServerResponse,
  body: unknown,
  headers: Record<string, string> = {},
  status = 200,
): void {
  const text = JSON.stringify(body)
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    ...headers,
  })
  response.end(text)
}

export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part)
  return Buffer.concat(parts)
}
