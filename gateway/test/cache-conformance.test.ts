import { test } from 'tap'
import { exceptions } from './support/cache-exceptions.ts'
import { passedOf, publishedResults, runCacheSuite } from './support/cache-suite.ts'

// Node's test pauses are real: three seconds between most requests.
const timeout = 120_000

/** The best of the proxies on the suite's page, of 160 required and 105 optimal tests. */
const bestPublished = { required: 141, optimal: 74 }
const proxies = ['apache', 'fastly', 'nginx', 'nuster', 'squid', 'trafficserver', 'varnish']

test('the public suite of HTTP caches', { timeout }, async t => {
  const verdicts = await runCacheSuite(t)
  const required = passedOf(verdicts, 'required')
  const optimal = passedOf(verdicts, 'optimal')
  const of = (kind: string) => verdicts.filter(verdict => verdict.kind === kind).length
  t.comment(`required ${required} of ${of('required')}, optimal ${optimal} of ${of('optimal')}`)
  t.ok(required > bestPublished.required, 'more required tests pass than with the best proxy')
  t.ok(optimal > bestPublished.optimal, 'more optimal ones too')
  for (const proxy of proxies) {
    const theirs = await publishedResults(proxy)
    t.ok(required > passedOf(theirs, 'required') && optimal > passedOf(theirs, 'optimal'), `more than ${proxy}`)
  }

  const failed = verdicts.filter(({ kind, passed }) => kind !== 'check' && !passed)
  for (const {
    test: { id },
    why,
  } of failed)
    t.ok(Object.hasOwn(exceptions, id), `${id}: ${why}`)
  const ids = new Set(failed.map(({ test: { id } }) => id))
  for (const id of Object.keys(exceptions)) t.ok(ids.has(id), `${id} still does not pass`)
})
