import { test } from 'tap'
import { dispositionOf } from './disposition.ts'

test('any name survives, for old clients and new', t => {
  t.equal(dispositionOf('inline', 'photo.jpg'), 'inline; filename="photo.jpg"')
  t.equal(
    dispositionOf('attachment', 'naïve “quote”.txt'),
    `attachment; filename="naive _quote_.txt"; filename*=UTF-8''na%C3%AFve%20%E2%80%9Cquote%E2%80%9D.txt`,
  )
  t.equal(dispositionOf('inline', 'a"b\\c'), `inline; filename="a_b_c"; filename*=UTF-8''a%22b%5Cc`)
  t.notMatch(dispositionOf('inline', 'a\r\nset-cookie: x'), /[\r\n]/)
  t.equal(dispositionOf('inline', "it's (1)*.txt"), `inline; filename="it's (1)*.txt"`)
  t.match(dispositionOf('inline', '日本.png'), /filename\*=UTF-8''%E6%97%A5%E6%9C%AC\.png$/)
  t.end()
})
