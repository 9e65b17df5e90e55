import { createTransport } from 'nodemailer'
import t from 'tap'
import { startConsole } from './console.ts'

const { get, smtpPort } = await startConsole(t)
const mailer = createTransport({ host: '127.0.0.1', port: smtpPort })
t.after(() => mailer.close())

t.test('a mail that came can be read, by its recipient, newest first', async t => {
  for (const subject of ['first', 'second ✓', 'third'])
    await mailer.sendMail({
      from: 'Portico <portico@localhost>',
      to: subject === 'third' ? 'bo@example.org' : 'Ann <Ann@Example.org>',
      subject,
      text: `Your code is ${subject.length}`,
      html: `<p>Your code is <b>${subject.length}</b></p>`,
      headers: { traceparent: '00-5b8efff798038103d269b633813fc60c-eee19b7ec3c1b174-01' },
    })
  const { json } = await get('/console/api/mailbox?to=ann@example.org')
  t.strictSame(
    json.items.map(({ subject }: { subject: string }) => subject),
    ['second ✓', 'first'],
  )
  t.match(json.items[0], {
    from: 'portico@localhost',
    to: [/ann@example.org/i],
    text: /Your code is 8/,
    html: /<b>8<\/b>/,
    headers: { 'content-type': /^multipart\/alternative/ },
    traceId: '5b8efff798038103d269b633813fc60c',
  })
  t.strictSame((await get(`/console/api/mailbox/${json.items[0].id}`)).json, json.items[0])
  const html = await get(`/console/api/mailbox/${json.items[0].id}/html`)
  t.match(html.text, /<b>8<\/b>/)
  t.match(html.headers.get('content-security-policy'), /default-src 'none'.*sandbox$/)
})

t.test('one Message-ID is one mail for each who gets it', async t => {
  const send = (to: string) =>
    mailer.sendMail({ from: 'a@localhost', to, subject: 'once', text: 'x', messageId: '<the-same@localhost>' })
  await send('once@example.org')
  await send('once@example.org')
  await send('other@example.org')
  t.equal((await get('/console/api/mailbox?to=once@example.org')).json.items.length, 1)
  t.equal((await get('/console/api/mailbox?to=other@example.org')).json.items.length, 1)
})

t.test('page by page', async t => {
  const first = (await get('/console/api/mailbox?limit=4')).json
  t.equal(first.items.length, 4)
  const second = (await get(`/console/api/mailbox?limit=4&cursor=${first.nextCursor}`)).json
  t.strictSame(
    second.items.map(({ subject }: { subject: string }) => subject),
    ['first'],
  )
  t.equal(second.nextCursor, null)
})

t.test('only operators read mails; wrong input has a name', async t => {
  t.equal((await get('/console/api/mailbox', null)).status, 401)
  t.equal((await get('/console/api/mailbox', 'admin')).status, 403)
  t.equal((await get('/console/api/mailbox/none/html', null)).status, 401)
  t.match((await get('/console/api/mailbox/none/html')).json, { status: 404, code: 'mail_not_found' })
  t.match((await get('/console/api/mailbox/none')).json, { status: 404, code: 'mail_not_found' })
  t.match((await get('/console/api/mailbox?cursor=x')).json, { status: 400, code: 'invalid_cursor' })
})

t.end()
