import t from 'tap'
import { createLog } from '../src/log.ts'
import { redact } from '../src/redact.ts'

function logTo(lines: string[]) {
  return createLog({
    service: 'notes',
    instance: 'notes-1',
    level: 'info',
    destination: { write: line => lines.push(line) },
  })
}

t.test('a line is one JSON object with a time people and machines can read', async t => {
  const lines: string[] = []
  logTo(lines).info({ postId: 7 }, 'published')
  const line = JSON.parse(lines[0] ?? '')
  t.match(line, { level: 'info', service: 'notes', instance: 'notes-1', postId: 7, msg: 'published' })
  t.equal(new Date(line.time).toISOString(), line.time)
})

t.test('secrets do not come out, wherever they hang', async t => {
  const lines: string[] = []
  const log = logTo(lines)
  const secrets = {
    headers: {
      authorization: 'Bearer hidden1',
      cookie: 'hidden2',
      'set-cookie': ['hidden3'],
      'proxy-authorization': 'hidden4',
    },
    body: { password: 'hidden5', newPassword: 'hidden6', refreshToken: 'hidden7', deep: [{ token: 'hidden8' }] },
    apiKey: 'hidden9',
    code: '123456',
    url: 'postgres://user:hidden10@host/db',
  }
  log.info(secrets, 'one')
  log.child(secrets).info('two')
  log.error(
    {
      err: new Error('cannot reach nats://user:hidden11@host', {
        cause: Object.assign(new Error('inner'), { password: 'hidden12' }),
      }),
    },
    'three',
  )
  const all = lines.join('')
  t.notMatch(all, /hidden|123456/)
  t.match(all, /postgres:\/\/user:\[redacted\]@host\/db/)
  t.match(JSON.parse(lines[2] ?? ''), { err: { type: 'Error', cause: { message: 'inner' } } })
})

t.test('what is no secret stays', async t => {
  const harmless = {
    code: 'invalid_input',
    err: 1,
    tokens: 3,
    list: [1, { a: null }],
    at: new Date(0),
    passwordChanged: true,
    status: { code: 2 },
  }
  t.equal(redact(harmless), harmless, 'not even copied')
})

t.test('depth has a bound', async t => {
  const circle: Record<string, unknown> = {}
  circle.self = circle
  const lines: string[] = []
  logTo(lines).info(circle, 'round')
  t.match(lines[0], /\[deeper\]/)
})
