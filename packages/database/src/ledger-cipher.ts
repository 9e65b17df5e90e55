import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

const saltBytes = 16
const nonceBytes = 12
const tagBytes = 16

/**
 * Encrypts an answer so that only who sends its idempotency key again can read it: whoever reads the table sees hashes
 * of keys, and answers may hold tokens. AES-256-GCM, its key derived by HKDF-SHA-256 (RFC 5869) with a salt a row.
 *
 * @param bound what the answer belongs to: it is authenticated with it
 */
export function seal(answer: string, key: string, bound: string): Buffer {
  const salt = randomBytes(saltBytes)
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv('aes-256-gcm', derive(key, salt), nonce).setAAD(Buffer.from(bound))
  const sealed = Buffer.concat([cipher.update(answer, 'utf8'), cipher.final()])
  return Buffer.concat([salt, nonce, cipher.getAuthTag(), sealed])
}

/** @throws Error when the key is another one, or the row was changed or moved. */
export function unseal(sealed: Buffer, key: string, bound: string): string {
  const salt = sealed.subarray(0, saltBytes)
  const nonce = sealed.subarray(saltBytes, saltBytes + nonceBytes)
  const tag = sealed.subarray(saltBytes + nonceBytes, saltBytes + nonceBytes + tagBytes)
  const cipher = createDecipheriv('aes-256-gcm', derive(key, salt), nonce, { authTagLength: tagBytes })
    .setAAD(Buffer.from(bound))
    .setAuthTag(tag)
  return cipher.update(sealed.subarray(saltBytes + nonceBytes + tagBytes), undefined, 'utf8') + cipher.final('utf8')
}

function derive(key: string, salt: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', key, salt, 'portico idempotency ledger', 32))
}
