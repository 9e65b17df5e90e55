import t from 'tap'
import { readBlocklist } from './blocklist.ts'
import { weaknessOf, withoutSequences } from './policy.ts'

const blocklist = await readBlocklist()
const person = { email: 'rosalind.hale@harbour.example', handle: 'rosalind', name: 'Rosalind Hale' }

t.test('the list is long enough to be of use', async t => {
  t.ok(blocklist.size > 1_000, `${blocklist.size} entries`)
})

const weak: [string, string][] = [
  ['short-password', 'short'],
  ['é'.normalize('NFD').repeat(14), 'short'],
  ['passwordpassword', 'common'],
  ['Password Password 1!', 'common'],
  ['P@ssw0rdP@ssw0rd', 'common'],
  ['letmein letmein letmein', 'common'],
  ['123ThisIsMyPassword456', 'common'],
  ['aaaaaaaaaaaaaaaaaaaa', 'repetition'],
  ['abab!abab!abab!abab!', 'repetition'],
  ['1qaz2wsx3edc4rfv5', 'sequence'],
  ['qwertyuiop1234567890', 'sequence'],
  ['abcdefghijklmnopqrstuvwxyz', 'sequence'],
  ['rosalindhale2026', 'context'],
  ['portico-rosalind-1', 'context'],
  ['rosalind.hale@harbour.example', 'context'],
]
for (const [password, weakness] of weak) {
  t.test(`${password} is refused: ${weakness}`, async t => t.equal(weaknessOf(password, person, blocklist), weakness))
}

const strong = [
  'marmot under the violet sofa',
  'x9!Kq-27-fjord-lamp',
  'девять медленных трамваев',
  '🦊🌧️🥨 drifting past the mill',
  'rosalind keeps bees behind the old quarry',
]
for (const password of strong) {
  t.test(`${password} is taken`, async t => t.equal(weaknessOf(password, person, blocklist), null))
}

t.test('runs along keyboard and alphabet are worth nothing', async t => {
  t.equal(withoutSequences('xqwertyz1234'), 'xz')
  t.equal(withoutSequences('lamp'), 'lamp')
})
