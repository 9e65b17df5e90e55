import { isFree } from '../state/ports.ts'

/** The ports that people and programs know, each changed by a variable. */
export interface KnownPorts {
  readonly PORT: number
  readonly ADMIN_PORT: number
  readonly SMTP_PORT: number
  readonly OTLP_PORT: number
}
export type PortName = keyof KnownPorts

const defaults: KnownPorts = { PORT: 8080, ADMIN_PORT: 9090, SMTP_PORT: 2525, OTLP_PORT: 4318 }
const uses: Readonly<Record<PortName, string>> = {
  PORT: 'the gateway',
  ADMIN_PORT: 'the gateway’s admin API',
  SMTP_PORT: 'the mailbox (SMTP)',
  OTLP_PORT: 'the trace store (OTLP)',
}
const loopback = '127.0.0.1'

/** @throws naming the variable that is no port */
export function knownPorts(env: NodeJS.ProcessEnv): KnownPorts {
  const read = (name: PortName) => {
    const text = env[name]
    const port = text ? Number(text) : defaults[name]
    if (Number.isInteger(port) && port > 0 && port < 65_536) return port
    throw new Error(`${name}: ${JSON.stringify(text)} is not a port (1 to 65535)`)
  }
  return {
    PORT: read('PORT'),
    ADMIN_PORT: read('ADMIN_PORT'),
    SMTP_PORT: read('SMTP_PORT'),
    OTLP_PORT: read('OTLP_PORT'),
  }
}

/** @throws naming every port that is taken, what wanted it, and the variable that changes it */
export async function requireFree(ports: KnownPorts, names: readonly PortName[], gatewayHost: string): Promise<void> {
  const taken: string[] = []
  for (const name of names) {
    const host = name === 'PORT' ? gatewayHost : loopback
    if (await isFree(ports[name], host)) continue
    const other = ports[name] + 1
    taken.push(
      `Port ${ports[name]} on ${host} is taken; ${uses[name]} needs it. Choose another one with ${name}, for example: ${name}=${other} npm start`,
    )
  }
  const numbers = names.map(name => ports[name])
  const twice = names.find((name, index) => numbers.indexOf(ports[name]) !== index)
  if (twice) taken.push(`Port ${ports[twice]} is wanted twice: change ${twice}`)
  if (taken.length > 0) throw new Error(taken.join('\n'))
}
