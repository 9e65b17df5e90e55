import { contractDigest, contractDocument } from '@portico/contracts'
import { consoleContract } from '@portico/contracts/console'
import { eventually } from '@portico/testkit'
import t from 'tap'
import { startConsole } from './console.ts'

const { get, context } = await startConsole(t)

t.test('the page and its files are there for everyone, and nothing else is', async t => {
  for (const path of ['/console', '/console/', '/console/main.js', '/console/style.css', '/console/icon.svg']) {
    const answer = await get(path, null)
    t.equal(answer.status, 200, path)
    t.match(answer.headers.get('content-security-policy'), /default-src 'none'; script-src 'self'/)
  }
  for (const path of [
    '/console/none.js',
    '/console/../src/main.ts',
    '/console/..%2fsrc%2fmain.ts',
    '/console/__proto__',
  ])
    t.equal((await get(path, null)).status, 404, path)
  const html = (await get('/console', null)).text
  t.notMatch(html, /<script>|\sstyle=|\son[a-z]+=/, 'nothing inline, which its policy would refuse')
})

t.test('who announces itself is listed', async t => {
  const contractDigestText = contractDigest(contractDocument(consoleContract))
  const announcement = {
    service: 'content',
    instance: 'content-1',
    address: 'http://127.0.0.1:1',
    version: '1',
    contractDigest: contractDigestText,
    startedAt: new Date().toISOString(),
    zone: '',
    weight: 1,
    inFlight: 0,
    utilisation: 0.5,
    draining: false,
  }
  await eventually(
    async () => {
      context.bus.announce(announcement)
      const { items } = (await get('/console/api/replicas')).json
      if (items.length !== 1 || items[0].state !== 'serving') throw new Error('not heard')
    },
    { withinMs: 5_000 },
  )
  t.equal((await get('/console/api/replicas', null)).status, 401)
  t.equal((await get('/console/api/replicas', 'moderator')).status, 403)
})

t.end()
