import t from 'tap'
import { createTerminal } from './terminal.ts'

function said(line: string, isTTY = false): string {
  let output = ''
  const terminal = createTerminal({ isTTY, write: text => (output += text) })
  terminal.said('content-1', line)
  return output
}
const json = (fields: object) => JSON.stringify(fields)

t.test('a line of ours is level, message and reason', async t => {
  t.equal(said(json({ level: 'info', msg: 'listening' })), 'content-1      │ info  listening\n')
  t.match(
    said(json({ level: 'error', msg: 'no mail went out', err: { message: 'refused' } })),
    'no mail went out: refused',
  )
})

t.test('a request is told in short', async t => {
  const request = { level: 'info', msg: 'request', method: 'GET', path: '/v1/posts', status: 200, durationMs: 3.1 }
  t.match(said(json(request)), 'info  GET /v1/posts 200 3.1 ms')
})

t.test('other lines stay as they are', async t => {
  t.match(said('server started'), '│ server started\n')
  t.match(said('{ not json'), '│ { not json\n')
  t.match(said('{"level":30}'), '│ {"level":30}\n')
})

t.test('colours are for terminals alone', async t => {
  const warning = json({ level: 'warn', msg: 'slow' })
  t.notMatch(said(warning), '\u001b')
  t.match(said(warning, true), '\u001b[33mwarn  slow')
})

t.test('what a stranger sent does not steer the terminal', async t => {
  const line = json({
    level: 'info',
    msg: 'request',
    method: 'GET',
    path: '/\u001b]0;owned\u0007\u009b2J',
    status: 404,
  })
  t.notMatch(said(line).trimEnd(), /\p{Cc}/u)
  t.match(said(line), '/·]0;owned··2J')
})

t.test('a long line is cut', async t => {
  t.ok(said('x'.repeat(100_000)).length < 3_000)
})
