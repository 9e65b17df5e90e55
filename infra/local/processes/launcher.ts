import { Socket } from 'node:net'

/** Calls back once when the launcher that started us is gone, however it went. Does nothing when there is none. */
export function whenLauncherIsGone(env: NodeJS.ProcessEnv, callback: () => void): void {
  const descriptor = Number(env.PORTICO_LAUNCHER_FD)
  if (!Number.isInteger(descriptor) || descriptor < 3) return
  const pipe = new Socket({ fd: descriptor, readable: true, writable: false })
  pipe.on('error', () => {})
  pipe.once('close', callback)
  pipe.resume()
  pipe.unref()
}
