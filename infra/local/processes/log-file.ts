import { closeSync, openSync, renameSync, statSync, writeSync } from 'node:fs'

export interface LogFile {
  write(line: string): void
  close(): void
}

const limitBytes = 20 * 1024 ** 2

/** Appends lines; at 20 MiB the file becomes `<file>.1` and a new one begins, so that two of them bound the space. */
export function openLogFile(path: string): LogFile {
  let descriptor = openSync(path, 'a', 0o600)
  let sizeBytes = statSync(path).size
  return {
    write(line) {
      if (sizeBytes > limitBytes) {
        closeSync(descriptor)
        renameSync(path, `${path}.1`)
        descriptor = openSync(path, 'a', 0o600)
        sizeBytes = 0
      }
      sizeBytes += writeSync(descriptor, `${line}\n`)
    },
    close: () => closeSync(descriptor),
  }
}
