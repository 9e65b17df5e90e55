import t from 'tap'
import { choice, flag, integer, json, list, number, readEnvironment, text, url } from './environment.ts'

class Refused extends Error {
  readonly mistakes: readonly string[]
  constructor(mistakes: readonly string[]) {
    super(mistakes.join('\n'))
    this.mistakes = mistakes
  }
}
const refuse = (mistakes: readonly string[]): never => {
  throw new Refused(mistakes)
}

const shape = {
  NAME: text(),
  COLOUR: choice(['red', 'blue'], { or: 'red' }),
  PORT: integer({ min: 0, max: 65_535, or: 0 }),
  RATIO: number({ min: 0, max: 1, or: 1 }),
  DATABASE_URL: url({ protocols: ['postgres', 'postgresql'] }),
  PROXIES: list({ or: [] }),
  LIMIT: flag({ or: true }),
  KEYS: json(value => {
    if (!Array.isArray(value)) throw new TypeError('no list')
    return value.length
  }),
  SMTP_URL: url({ or: null }),
}

t.test('what is given is read, what is absent has its default', async t => {
  const given = {
    NAME: 'x',
    DATABASE_URL: 'postgres://a:b@c/d',
    KEYS: '[1,2]',
    PORT: '80',
    PROXIES: '10.0.0.0/8, ,::1',
    LIMIT: 'off',
    COLOUR: '',
  }
  const read = readEnvironment(given, shape, refuse)
  t.same(read, {
    NAME: 'x',
    COLOUR: 'red',
    PORT: 80,
    RATIO: 1,
    DATABASE_URL: 'postgres://a:b@c/d',
    PROXIES: ['10.0.0.0/8', '::1'],
    LIMIT: false,
    KEYS: 2,
    SMTP_URL: null,
  })
  // Types follow: these lines would not compile otherwise.
  const colour: 'red' | 'blue' = read.COLOUR
  const smtp: string | null = read.SMTP_URL
  t.same([colour, smtp], ['red', null])
})

t.test('all mistakes at once, by name, and without a value', async t => {
  const given = {
    COLOUR: 'green',
    PORT: '70000',
    RATIO: 'half',
    DATABASE_URL: 'mysql://root:secret@x',
    LIMIT: 'yes',
    KEYS: '{',
    SMTP_URL: 'secret',
  }
  try {
    readEnvironment(given, shape, refuse)
    t.fail('it was taken')
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    t.same(error.mistakes, [
      'NAME: is required',
      'COLOUR: must be one of red, blue',
      'PORT: must lie between 0 and 65535',
      'RATIO: must be a number',
      'DATABASE_URL: must begin with postgres:// or postgresql://',
      'LIMIT: must be on or off',
      'KEYS: must be JSON of the expected form',
      'SMTP_URL: must be a URL',
    ])
    t.notMatch(error.message, /secret|green|70000/)
  }
})
