import { freePort, type StartedProcess, startProcess, type TestScope } from '@portico/testkit'
import { request } from 'undici'

export interface RunningGateway {
  readonly url: string
  readonly port: number
  readonly adminUrl: string
  readonly process: StartedProcess
}

/** The gateway as a process of its own, ready: it knows at least one route, unless `ready` says otherwise. */
export async function startGateway(
  t: TestScope,
  env: Record<string, string>,
  ready = (url: string) => isReady(url),
): Promise<RunningGateway> {
  const [port, adminPort] = [await freePort(), env.ADMIN_PORT ?? (await freePort())]
  const url = `http://127.0.0.1:${port}`
  const process = await startProcess(t, {
    main: new URL('../../src/main.ts', import.meta.url),
    env: {
      PORT: String(port),
      ADMIN_PORT: String(adminPort),
      NATS_URL: 'nats://127.0.0.1:1',
      LOG_LEVEL: 'warn',
      DRAIN_MS: '0',
      PUBLIC_URL: url,
      ...env,
    },
    ready: () => ready(url),
    deadlineMs: 40_000,
  })
  return { url, port, adminUrl: `http://127.0.0.1:${adminPort}`, process }
}

export async function isReady(url: string): Promise<boolean> {
  const { statusCode, body } = await request(`${url}/readyz`)
  await body.dump()
  return statusCode === 200
}
