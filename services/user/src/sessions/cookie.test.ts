import t from 'tap'
import { sessionCookie } from './cookie.ts'

const now = new Date('2026-11-23T12:00:00.000Z')
const inAnHour = new Date('2026-11-23T13:00:00.000Z')

t.test('https: bound to the host, sent over TLS only', async t => {
  const cookie = sessionCookie(new URL('https://portico.example'))
  t.equal(cookie.name, '__Host-session')
  t.equal(
    cookie.set('ptc_x', inAnHour, now),
    '__Host-session=ptc_x; Max-Age=3600; Path=/; HttpOnly; SameSite=Lax; Secure',
  )
  t.equal(cookie.clear(), '__Host-session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax; Secure')
})

t.test('plain http has another name', async t => {
  const cookie = sessionCookie(new URL('http://localhost:8080'))
  t.equal(cookie.set('ptc_x', inAnHour, now), 'portico_session=ptc_x; Max-Age=3600; Path=/; HttpOnly; SameSite=Lax')
})
