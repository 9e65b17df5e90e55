import { eventually } from '@portico/testkit'
import type { RunningGateway } from './gateway.ts'

const count = ({ process }: RunningGateway, text: string) => process.output().split(text).length - 1

/** Sends SIGHUP and waits until all workers are new. The gateway logs at `info`. */
export async function reloaded(gateway: RunningGateway): Promise<void> {
  await logged(gateway, '"reloaded: all workers are new"')
}

/** Sends SIGHUP and waits for a line that was not there before. */
export async function logged(gateway: RunningGateway, text: string): Promise<void> {
  const before = count(gateway, text)
  gateway.process.kill('SIGHUP')
  await eventually(
    () => {
      if (count(gateway, text) === before) throw new Error(`no ${text}:\n${gateway.process.output().slice(-2_000)}`)
    },
    { withinMs: 120_000 },
  )
}
