import { generateKeyPairSync } from 'node:crypto'
import { calculateJwkThumbprint, type JSONWebKeySet, type JWK } from 'jose'
import { tokenAlgorithm } from './principal.ts'

export interface KeyPair {
  /** Secret: for the one service that signs. */
  privateJwk: JWK
  /** Public: for everyone who verifies. */
  jwks: JSONWebKeySet
}

/** A new ES256 key; its id is its thumbprint (RFC 7638), so that two keys can be valid while one replaces the other. */
export async function generateKeyPair(): Promise<KeyPair> {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const publicKey: JWK = pair.publicKey.export({ format: 'jwk' })
  const privateKey: JWK = pair.privateKey.export({ format: 'jwk' })
  const names = { kid: await calculateJwkThumbprint(publicKey), alg: tokenAlgorithm, use: 'sig' }
  return { privateJwk: { ...privateKey, ...names }, jwks: { keys: [{ ...publicKey, ...names }] } }
}

/**
 * Public keys as configuration holds them.
 * @throws TypeError when it is no JWK set, or when a private key is among them: verifiers must not be able to sign
 */
export function publicKeysOf(value: unknown): JSONWebKeySet {
  if (!isKeySet(value)) throw new TypeError('not a JWK set (RFC 7517)')
  if (value.keys.some(key => 'd' in key)) throw new TypeError('a private key where public ones belong')
  return value
}

/**
 * The private key as configuration holds it.
 * @throws TypeError when it is no private ES256 key
 */
export function privateKeyOf(value: unknown): JWK {
  if (!isPrivateKey(value)) throw new TypeError('not a private JWK of P-256')
  return value
}

function isPrivateKey(value: unknown): value is JWK {
  if (typeof value !== 'object' || value === null || !('d' in value) || !('crv' in value)) return false
  return typeof value.d === 'string' && value.crv === 'P-256'
}

function isKeySet(value: unknown): value is JSONWebKeySet {
  if (typeof value !== 'object' || value === null || !('keys' in value) || !Array.isArray(value.keys)) return false
  return value.keys.length > 0 && value.keys.every(key => typeof key === 'object' && key !== null && 'kty' in key)
}
