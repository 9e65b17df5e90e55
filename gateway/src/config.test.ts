import { test } from 'tap'
import { readConfig } from './config.ts'

class Refused extends Error {}
function mistakesOf(env: Record<string, string>): readonly string[] {
  let found: readonly string[] = []
  try {
    readConfig(env, mistakes => {
      found = mistakes
      throw new Refused()
    })
  } catch (error) {
    if (!(error instanceof Refused)) throw error
  }
  return found
}

test('without a word it runs on this machine alone', async t => {
  t.match(readConfig({}), {
    host: '127.0.0.1',
    port: 8_080,
    adminHost: '127.0.0.1',
    adminPort: 9_090,
    listed: [],
    tls: null,
  })
})

test('lists are read', async t => {
  const config = readConfig({
    UPSTREAMS: 'content=http://10.0.0.1:3000, content=http://10.0.0.2:3000/,user=http://[::1]:3001',
    TRUSTED_PROXIES: '10.0.0.0/8, ::1',
    CORS_ORIGINS: 'https://app.example.org',
    RATE_LIMITS: 'read=10/1',
    NATS_URL: 'nats://a:4222,nats://b:4222',
  })
  t.same(config.listed, [
    { service: 'content', address: 'http://10.0.0.1:3000' },
    { service: 'content', address: 'http://10.0.0.2:3000' },
    { service: 'user', address: 'http://[::1]:3001' },
  ])
  t.same(config.trustedProxies, ['10.0.0.0/8', '::1'])
  t.same(config.rates?.read, { perWindow: 10, windowSeconds: 1 })
  t.equal(config.rates?.write.windowSeconds, 60)
  t.same(config.bus.servers, ['nats://a:4222', 'nats://b:4222'])
  t.equal(readConfig({ RATE_LIMIT: 'off' }).rates, null)
})

test('each mistake is named by its variable, all at once', async t => {
  const wrong = {
    PORT: '99999',
    PUBLIC_URL: 'ftp://x',
    UPSTREAMS: 'content',
    UPSTREAMS_DNS: 'Content=http://x',
    TRUSTED_PROXIES: '10.0.0.0/40',
    CORS_ORIGINS: 'https://app.example.org/path',
    RATE_LIMITS: 'read=0/60',
    BALANCING: 'random',
    OTEL_TRACES_SAMPLER_ARG: '2',
    TLS_CERTIFICATE_FILE: '/cert.pem',
    WORKERS: '0',
  }
  const mistakes = mistakesOf(wrong)
  const named = mistakes.map(mistake => mistake.split(':')[0]).sort()
  t.same(named, ['TLS_KEY_FILE', ...Object.keys(wrong).filter(name => name !== 'TLS_CERTIFICATE_FILE')].sort())
})
