import { test } from 'tap'
import { contentTypeOf, isShownInline, mediaTypeOf } from './media-type.ts'

const png = Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489', 'hex')

test('the bytes decide, not the name', async t => {
  t.equal(await mediaTypeOf(png, 'harmless.txt'), 'image/png')
  t.equal(await mediaTypeOf(Buffer.from('<html><script>alert(1)</script>'), 'photo.jpg'), 'text/plain')
  t.equal(await mediaTypeOf(Buffer.from('<html>'), 'page.html'), 'text/html')
  t.equal(await mediaTypeOf(Buffer.from('# Title'), 'readme.md'), 'text/markdown')
  t.equal(await mediaTypeOf(Buffer.from('<?xml version="1.0"?><!-- x --><svg xmlns="a">'), 'x.txt'), 'image/svg+xml')
  t.equal(await mediaTypeOf(Buffer.from('\uFEFF<svg>'), 'x'), 'image/svg+xml')
  t.equal(await mediaTypeOf(Buffer.from([0, 1, 2, 3]), 'x.txt'), 'application/octet-stream')
  t.equal(await mediaTypeOf(Buffer.alloc(0), 'empty'), 'text/plain')
  t.equal(await mediaTypeOf(Buffer.from('äöü').subarray(0, 5), 'cut.txt'), 'text/plain', 'cut within a character')
})

test('nothing that runs is shown in place', t => {
  for (const type of ['text/html', 'image/svg+xml', 'application/xhtml+xml', 'text/javascript', 'application/xml'])
    t.notOk(isShownInline(type), type)
  t.ok(isShownInline('image/png'))
  t.equal(contentTypeOf('text/plain'), 'text/plain; charset=utf-8')
  t.equal(contentTypeOf('image/png'), 'image/png')
  t.end()
})
