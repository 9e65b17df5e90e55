import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t from 'tap'
import { createMailStore } from './mailbox/mail-store.ts'
import { openState } from './state.ts'

const mail = (id: string) => ({
  id,
  from: 'a@localhost',
  to: ['b@localhost'],
  subject: '',
  text: '',
  html: '',
  headers: {},
  receivedAt: new Date().toISOString(),
  traceId: null,
})

t.test('what it kept is there after a restart; what another version wrote is dropped', async t => {
  const folder = t.testdir()
  const old = new DatabaseSync(join(folder, 'console.sqlite'))
  old.exec('create table mails (id text primary key); create table recipients (address text)')
  old.close()
  const first = await openState(folder)
  createMailStore(first).add(mail('01a209e4-c8c5-745a-8c54-0ed2a4144b66'))
  first.close()
  const second = await openState(folder)
  t.equal(createMailStore(second).list({ limit: 5 }).length, 1)
  second.close()
})
