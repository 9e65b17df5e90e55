import { test } from 'tap'
import { readDirectives } from './cache-control.ts'

test('ages', async t => {
  const ages = {
    'max-age=60': 60,
    'MaX-aGe=60': 60,
    'max-age="60"': 60,
    'max-age=003600': 3_600,
    'max-age=99999999999': 2_147_483_648,
    'extension="max-age=3600", max-age=1': 1,
    'max-age=1, extension="a, max-age=3600"': 1,
    'max-age=1, extension="never ends, max-age=3600': 1,
    'foobar, max-age=5': 5,
    ' , ,max-age=5 , ': 5,
    'max-age=60, max-age=30': 30,
    'max-age=-3600': 0,
    'max-age=a100': 0,
    'max-age=3600.0': 0,
    "max-age='60'": 0,
    'max-age': 0,
    'max-age =60': null,
    'max-age= 60': null,
    'no-store': null,
    '': null,
  }
  for (const [field, age] of Object.entries(ages)) t.equal(readDirectives(field).maxAge, age, field)
})

test('words and lists of fields', async t => {
  const found = readDirectives('No-StOrE, private="Set-Cookie, X", no-cache="A", public, must-revalidate, constructor')
  t.match(found, {
    noStore: true,
    isPrivate: false,
    privateFields: ['set-cookie', 'x'],
    noCache: false,
    noCacheFields: ['a'],
    isPublic: true,
    mustRevalidate: true,
    proxyRevalidate: false,
  })
  t.equal(readDirectives('private, private="a"').isPrivate, true)
  t.equal(readDirectives('max-stale').maxStale, Number.POSITIVE_INFINITY)
  t.equal(readDirectives('max-stale=10').maxStale, 10)
})
