import { openDatabase } from '@portico/database'
import { createTelemetry, silentTelemetry } from '@portico/telemetry'
import { eventually, testDatabase } from '@portico/testkit'
import t from 'tap'
import { createJobs } from '../src/index.ts'

t.test('a job runs again and again, never twice at once, also after it failed', async t => {
  const lines: string[] = []
  const telemetry = createTelemetry({
    service: 'notes',
    instance: 'notes-1',
    version: '1',
    processMetrics: false,
    logDestination: { write: line => lines.push(line) },
  })
  let runs = 0
  let underWay = 0
  let most = 0
  const jobs = createJobs({
    telemetry,
    jobs: [
      {
        name: 'sweep',
        everyMs: 5,
        async run() {
          most = Math.max(most, ++underWay)
          await new Promise(resolve => setTimeout(resolve, 20))
          underWay -= 1
          if (++runs === 1) throw new Error('the first time')
        },
      },
    ],
  })
  t.equal(runs, 0, 'nothing runs before start')
  jobs.start()
  await eventually(() => runs >= 3)
  await jobs.stop()
  const stopped = runs
  t.equal(most, 1)
  t.match(lines.join(''), /"job":"sweep".*a job failed/)
  const { body } = await telemetry.metrics.page()
  t.match(body, /portico_job_runs_total\{job="sweep",outcome="failed"\} 1/)
  await new Promise(resolve => setTimeout(resolve, 60))
  t.equal(runs, stopped, 'nor after stop')
})

t.test('stop aborts what runs, and waits for it', async t => {
  let ended = false
  let began = false
  const jobs = createJobs({
    telemetry: silentTelemetry(),
    jobs: [
      {
        name: 'long',
        everyMs: 1,
        run: signal =>
          new Promise<void>(resolve => {
            began = true
            signal.addEventListener('abort', () => {
              ended = true
              resolve()
            })
          }),
      },
    ],
  })
  jobs.start()
  await eventually(() => began)
  await jobs.stop()
  t.ok(ended)
})

t.test('an exclusive job runs in one replica at a time', async t => {
  const { url } = await testDatabase(t, { service: 'notes' })
  const telemetry = silentTelemetry()
  let underWay = 0
  let most = 0
  let runs = 0
  const replicas = ['notes-1', 'notes-2', 'notes-3'].map(applicationName => {
    const database = openDatabase<object>({ url, applicationName, poolSize: 2, telemetry })
    const run = async () => {
      most = Math.max(most, ++underWay)
      await new Promise(resolve => setTimeout(resolve, 15))
      underWay -= 1
      runs += 1
    }
    const jobs = createJobs({ telemetry, database, jobs: [{ name: 'sweep', everyMs: 5, exclusive: true, run }] })
    return { database, jobs }
  })
  for (const { jobs } of replicas) jobs.start()
  await eventually(() => runs >= 12, { withinMs: 15_000 })
  for (const { jobs, database } of replicas) {
    await jobs.stop()
    await database.close()
  }
  t.equal(most, 1)
})

t.test('an exclusive job without a database is refused', async t => {
  const job = { name: 'sweep', everyMs: 1, exclusive: true, run: async () => {} }
  t.throws(() => createJobs({ telemetry: silentTelemetry(), jobs: [job] }), TypeError)
})
