import type { Test } from 'tap'
import type { RunningSystem } from '../support/system.ts'
import { wholeTrace } from '../support/traces.ts'

const atOnce = 4

/** Every request that was made through the front door has a trace, and each of them is one whole tree. */
export async function everyTraceIsWhole(t: Test, { door, operator }: RunningSystem): Promise<void> {
  const left = [...door.answers]
  t.equal(new Set(left.map(({ traceId }) => traceId)).size, left.length, 'a trace of its own for each request')
  const broken: string[] = []
  const worker = async () => {
    for (let answer = left.pop(); answer; answer = left.pop()) {
      const { method, path, status, traceId } = answer
      await wholeTrace(operator, traceId).catch(error => {
        broken.push(`${method} ${path} ${status}: ${error instanceof Error ? error.message : error}`)
      })
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  t.strictSame(broken, [], `of ${door.answers.length} requests`)
}
