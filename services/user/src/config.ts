import { json, readEnvironment, serviceConfig, serviceVariables, text, url } from '@portico/chassis'
import { privateKeyOf } from '@portico/identity'

const sha256 = { pattern: /^[0-9a-f]{64}$/, means: 'a SHA-256 in lower-case hex', or: null }

export type Config = ReturnType<typeof readConfig>

/** The only reader of the environment. A mistake stops the start, and names the variable. */
export function readConfig(env: Readonly<Record<string, string | undefined>>) {
  const read = readEnvironment(env, {
    ...serviceVariables('user'),
    IDENTITY_PRIVATE_JWK: json(privateKeyOf),
    PUBLIC_URL: url({ protocols: ['http', 'https'], or: 'http://localhost:8080' }),
    OPERATOR_TOKEN_HASH: text(sha256),
    OPERATOR_TICKET_HASH: text(sha256),
  })
  return {
    ...serviceConfig(read),
    privateJwk: read.IDENTITY_PRIVATE_JWK,
    publicUrl: new URL(read.PUBLIC_URL),
    operator: { tokenHash: bytesOf(read.OPERATOR_TOKEN_HASH), ticketHash: bytesOf(read.OPERATOR_TICKET_HASH) },
  }
}

function bytesOf(hex: string | null): Buffer | null {
  return hex === null ? null : Buffer.from(hex, 'hex')
}
