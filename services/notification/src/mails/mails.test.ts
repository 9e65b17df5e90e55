import t from 'tap'
import { createRenderer } from './render.ts'
import { verdictOf } from './retry.ts'
import type { MailData, MailText, TemplateName } from './template.ts'
import { languageOf } from './texts/index.ts'

const examples: MailData = {
  verification: { name: 'A & B', code: '123456', token: 't' },
  sign_up_repeated: { name: 'A' },
  password_reset: { name: 'A', token: 't' },
  password_changed: { name: 'A', changedAt: '2026-01-01T00:00:00Z' },
  comment: { actor: 'B', title: 'T', path: '/posts/t', excerpt: '<script>alert(1)</script>' },
  reply: { actor: 'B', title: 'T', path: '/posts/t', excerpt: 'x' },
  follow: { actor: 'B', path: '/authors/b' },
}

t.test('each mail in each language has a subject, a text and an HTML form with nothing left open', async t => {
  const render = await createRenderer('https://portico.example')
  for (const locale of ['en', 'de', 'fr']) {
    for (const [name, data] of Object.entries(examples)) {
      const write = languageOf(locale).mails[name as TemplateName] as (data: unknown) => MailText
      const { subject, text, html } = await render(write(data))
      t.ok(subject.length > 0 && text.length > 0, `${locale} ${name}`)
      t.notMatch(html, /\{[{%]|undefined|<script/)
      t.notMatch(`${subject}${text}`, /undefined|\{[{%]/)
    }
  }
  t.equal(languageOf('fr'), languageOf('en'))
})

t.test('a subject is one line, whatever a name holds', async t => {
  const render = await createRenderer('https://portico.example')
  const { subject } = await render({ subject: 'A\r\nBcc: x@example.org', heading: '', paragraphs: [''], closing: '' })
  t.equal(subject, 'A Bcc: x@example.org')
})

t.test('what the server refuses for good is given up, all else is tried for three days', t => {
  const created = new Date('2026-01-01T00:00:00Z')
  const after = (hours: number) => new Date(created.getTime() + hours * 3_600_000)
  t.strictSame(verdictOf(550, 1, created, created), { kind: 'failed' })
  t.strictSame(verdictOf(451, 1, created, created), { kind: 'again', dueAt: new Date('2026-01-01T00:00:02Z') })
  t.strictSame(verdictOf(undefined, 4, created, created), { kind: 'again', dueAt: new Date('2026-01-01T00:01:00Z') })
  t.strictSame(verdictOf(undefined, 90, created, after(71)), { kind: 'again', dueAt: after(74) })
  t.strictSame(verdictOf(undefined, 91, created, after(73)), { kind: 'failed' })
  t.end()
})
