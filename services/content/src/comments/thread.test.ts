import { contentLimits } from '@portico/contracts/content'
import t from 'tap'
import { depthOf, pathOf } from './thread.ts'

const id = (number: number) => `01980a5e-7c21-7000-8000-${String(number).padStart(12, '0')}`

t.test('paths in the order of their text are threads', async t => {
  const first = pathOf(id(1), null)
  const answer = pathOf(id(3), first)
  const second = pathOf(id(2), null)
  t.same([second, answer, first].sort(), [first, answer, second])
  t.same([first, answer].map(depthOf), [0, 1])
})

t.test('a thread has a bottom', async t => {
  let path: string | null = null
  for (let depth = 0; depth < contentLimits.threadDepth; depth += 1) path = pathOf(id(depth), path)
  t.throws(() => pathOf(id(99), path), { code: 'thread_too_deep' })
})
