import t from 'tap'
import { normaliseTags } from './normalise.ts'

t.test('spellings of one tag are one, the first place stays', async t => {
  t.same(normaliseTags(['Node JS', 'release', ' node-js ', 'NODE   js']), ['node-js', 'release'])
})

t.test('letters of any script and what names need stay', async t => {
  t.same(normaliseTags(['Ärger', '日本', 'C++', 'C#', 'v1.2']), ['ärger', '日本', 'c++', 'c#', 'v1.2'])
})

t.test('what is only punctuation is no tag', async t => {
  t.same(normaliseTags(['--', '/', 'a/b']), ['a-b'])
})
