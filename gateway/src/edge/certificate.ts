import { readFileSync, unwatchFile, watchFile } from 'node:fs'
import type { SecureContextOptions, Server } from 'node:tls'
import type { Telemetry } from '@portico/telemetry'

export interface CertificateFiles {
  readonly certificateFile: string
  readonly keyFile: string
}

/** TLS 1.2 and later; certificate and key as they are in the files now. Throws when they cannot be read. */
export function readCertificate({ certificateFile, keyFile }: CertificateFiles): SecureContextOptions {
  return { cert: readFileSync(certificateFile), key: readFileSync(keyFile), minVersion: 'TLSv1.2' }
}

const lookEveryMs = 2_000

/**
 * Takes a renewed certificate over for new connections; open ones go on. Looked at by time rather than by `fs.watch`: what
 * a mounted secret changes is a link above the file. What cannot be used is logged, and the one before stays.
 */
export function watchCertificate(
  server: Pick<Server, 'setSecureContext'>,
  files: CertificateFiles,
  { log }: Pick<Telemetry, 'log'>,
): { reload(): void; close(): void } {
  function reload(): void {
    try {
      server.setSecureContext(readCertificate(files))
      log.info('the certificate was read again')
    } catch (error) {
      log.error({ err: error }, 'the certificate cannot be used: the one before stays')
    }
  }
  const names = [files.certificateFile, files.keyFile]
  for (const name of names) watchFile(name, { interval: lookEveryMs, persistent: false }, reload)
  return {
    reload,
    close() {
      for (const name of names) unwatchFile(name, reload)
    },
  }
}
