import t from 'tap'
import { timestampOf } from './present.ts'

t.test('a moment as PostgreSQL writes it becomes RFC 3339', async t => {
  t.equal(timestampOf('2026-01-02 03:04:05+00'), '2026-01-02T03:04:05.000Z')
  t.equal(timestampOf('2026-01-02 03:04:05.6+00'), '2026-01-02T03:04:05.600Z')
  t.equal(timestampOf('0001-01-01 00:00:00.123456+00'), '0001-01-01T00:00:00.123Z')
})
