import t from 'tap'
import { renderPost } from './render.ts'
import { createRenderer, type RendererOptions } from './renderer.ts'

const patience = new AbortController().signal
const notes = '- [`0123`](https://example.org/0123) - **doc**: fix a typo (Somebody)\n'.repeat(2_000)
/** Takes minutes: none is ever closed. */
const hostile = '<b>'.repeat(500_000)

function renderer(options: RendererOptions = {}) {
  const made = createRenderer(options)
  t.teardown(() => made.close())
  return made
}

t.test('a long text becomes the same as a short one would, and holds nobody up', async t => {
  let turns = 0
  const timer = setInterval(() => {
    turns += 1
  }, 1)
  const rendered = await renderer().post(notes, patience)
  clearInterval(timer)
  t.strictSame(rendered, renderPost(notes))
  t.ok(turns > 3, `the loop went round ${turns} times meanwhile`)
})

t.test('a text that takes too long is given up, and the next one is rendered', async t => {
  const { post } = renderer({ timeoutMs: 4_000 })
  const [first, second] = await Promise.allSettled([post(hostile, patience), post(notes, patience)])
  t.match(first, { status: 'rejected', reason: { code: 'body_too_complex', status: 422 } })
  t.match(second, { status: 'fulfilled', value: { excerpt: /^0123 - doc: fix a typo/ } })
})

t.test('so many wait, and no more; who has left is left out; short ones need not wait', async t => {
  const { post, close } = renderer({ waitingLimit: 1 })
  const gone = new AbortController()
  const running = post(hostile, patience)
  const waiting = post(notes, gone.signal)
  await t.rejects(post(notes, patience), { code: 'overloaded', status: 503 })
  t.equal((await post('short', patience)).html, '<p>short</p>\n')
  gone.abort(new Error('left'))
  await close()
  await t.rejects(running)
  await t.rejects(waiting, { message: 'left' })
})
