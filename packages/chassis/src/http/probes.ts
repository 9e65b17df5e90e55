import { type ContractDocument, contractPath } from '@portico/contracts'
import type { Telemetry } from '@portico/telemetry'
import type { FastifyInstance } from 'fastify'

/** What a replica needs to be of use, by name: `database`, `bus`. */
export type Checks = Readonly<Record<string, () => Promise<boolean>>>

const checkWithinMs = 1_000
const config = { trace: false }

/**
 * The routes of every process: `/healthz` (the process answers), `/readyz` (it can do its work and is not about to
 * leave), `/metrics`, `/contract.json`.
 */
export function answerProbes(
  app: FastifyInstance,
  { telemetry, checks, document }: { telemetry: Telemetry; checks: Checks; document: ContractDocument },
): void {
  const contract = JSON.stringify(document)

  app.get('/healthz', { config }, () => ({ status: 'alive' }))

  app.get('/readyz', { config }, async (_request, reply) => {
    const results = await Promise.all(Object.entries(checks).map(async ([name, check]) => [name, await holds(check)]))
    const draining = app.lifecycle.draining
    const ready = !draining && results.every(([, holding]) => holding)
    const status = draining ? 'draining' : ready ? 'ready' : 'not ready'
    reply.code(ready ? 200 : 503).header('cache-control', 'no-store')
    return { status, checks: Object.fromEntries(results) }
  })

  app.get('/metrics', { config }, async (_request, reply) => {
    const { contentType, body } = await telemetry.metrics.page()
    reply.header('content-type', contentType)
    return body
  })

  app.get(contractPath, { config }, (_request, reply) => {
    reply.header('content-type', 'application/json; charset=utf-8').send(contract)
  })
}

async function holds(check: () => Promise<boolean>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<boolean>(resolve => {
    timer = setTimeout(() => resolve(false), checkWithinMs)
  })
  try {
    return await Promise.race([check(), tooLate])
  } catch {
    return false
  } finally {
    clearTimeout(timer)
  }
}
