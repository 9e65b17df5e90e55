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
