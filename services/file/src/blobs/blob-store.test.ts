import { createHash } from 'node:crypto'
import { readdir, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { test } from 'tap'
import { createDiskStore } from './blob-store.ts'

const sha256Of = (bytes: string) => createHash('sha256').update(bytes).digest('hex')

test('a body is kept once under its hash, and read in parts', async t => {
  const root = t.testdir()
  const store = await createDiskStore(root)
  const first = await store.receive(Readable.from([Buffer.from('hello '), Buffer.from('world')]))
  t.match(first, { sha256: sha256Of('hello world'), sizeBytes: 11, head: Buffer.from('hello world') })
  t.notOk(await store.exists(first.sha256), 'not before it is kept')
  await store.keep(first)
  const again = await store.receive(Readable.from([Buffer.from('hello world')]))
  await store.keep(again)
  t.strictSame(await readdir(join(root, 'incoming')), [])
  t.equal((await buffer(store.read(first.sha256))).toString(), 'hello world')
  t.equal((await buffer(store.read(first.sha256, { start: 6, end: 8 }))).toString(), 'wor')
  t.equal((await stat(store.path(first.sha256))).nlink, 1)
  await store.remove(first.sha256)
  t.notOk(await store.exists(first.sha256))
})

test('what breaks off leaves nothing behind', async t => {
  const root = t.testdir()
  const store = await createDiskStore(root)
  const broken = Readable.from(
    (async function* () {
      yield Buffer.from('half')
      throw new Error('the client left')
    })(),
  )
  await t.rejects(store.receive(broken), /the client left/)
  t.strictSame(await readdir(join(root, 'incoming')), [])
})

test('what a dead process left is swept when it is old', async t => {
  const root = t.testdir({ incoming: { old: 'x', young: 'y' } })
  const store = await createDiskStore(root)
  const yesterday = new Date(Date.now() - 86_400_000)
  await utimes(join(root, 'incoming', 'old'), yesterday, yesterday)
  t.equal(await store.sweepIncoming(3_600_000), 1)
  t.strictSame(await readdir(join(root, 'incoming')), ['young'])
})

test('the head is what a signature needs, and no more', async t => {
  const store = await createDiskStore(t.testdir())
  const received = await store.receive(Readable.from([Buffer.alloc(3_000, 1), Buffer.alloc(300_000, 2)]))
  t.equal(received.head.length, 4_100)
  t.equal(received.sizeBytes, 303_000)
})
