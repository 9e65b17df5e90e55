import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import type { StateFolder } from './folder.ts'

const Secrets = Type.Object({
  /** Of database roles. */
  database: Type.Record(Type.String(), Type.String()),
  /** Of NATS users. */
  nats: Type.Record(Type.String(), Type.String()),
  identity: Type.Object({ privateJwk: Type.String(), jwks: Type.String() }),
})

export interface Secrets {
  readonly databasePassword: (role: string) => string
  readonly natsPassword: (user: string) => string
  /** ES256, as JSON. Only the user service gets it. */
  readonly identityPrivateJwk: string
  readonly identityJwks: string
  readonly operatorToken: string
}

/**
 * Reads what was made on the first start, and makes what is missing for these names. Files are for the owner alone.
 *
 * @throws when the file is there and cannot be understood
 */
export function openSecrets(
  folder: Pick<StateFolder, 'secretsFile' | 'operatorTokenFile'>,
  names: { roles: readonly string[]; users: readonly string[] },
): Secrets {
  const known = read(folder.secretsFile)
  const secrets = {
    database: withMissing(known?.database ?? {}, names.roles),
    nats: withMissing(known?.nats ?? {}, names.users),
    identity: known?.identity ?? newIdentity(),
  }
  writePrivately(folder.secretsFile, `${JSON.stringify(secrets, null, 2)}\n`)
  return {
    databasePassword: role => required(secrets.database, role),
    natsPassword: user => required(secrets.nats, user),
    identityPrivateJwk: secrets.identity.privateJwk,
    identityJwks: secrets.identity.jwks,
    operatorToken: operatorToken(folder.operatorTokenFile),
  }
}

/** 256 bits, in letters that need no escaping anywhere. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url')
}

export function sha256Hex(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function read(file: string) {
  if (!existsSync(file)) return null
  const value: unknown = JSON.parse(readFileSync(file, 'utf8'))
  if (!Value.Check(Secrets, value)) throw new Error(`${file} is damaged; begin anew with: npm start -- --fresh`)
  return value
}

function withMissing(known: Record<string, string>, names: readonly string[]): Record<string, string> {
  return { ...known, ...Object.fromEntries(names.filter(name => !known[name]).map(name => [name, newSecret()])) }
}

function required(secrets: Record<string, string>, name: string): string {
  const secret = secrets[name]
  if (!secret) throw new TypeError(`No secret was made for ${name}`)
  return secret
}

function newIdentity() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const common = { kid: randomBytes(8).toString('hex'), alg: 'ES256', use: 'sig' }
  return {
    privateJwk: JSON.stringify({ ...privateKey.export({ format: 'jwk' }), ...common }),
    jwks: JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), ...common }] }),
  }
}

function operatorToken(file: string): string {
  if (existsSync(file)) return readFileSync(file, 'utf8').trim()
  const token = newSecret()
  writePrivately(file, `${token}\n`)
  return token
}

/** For the owner alone, and never half written. */
export function writePrivately(file: string, text: string): void {
  const half = `${file}.new`
  writeFileSync(half, text, { mode: 0o600 })
  renameSync(half, file)
}
