import { createTelemetry, traceFastify, withSpan } from '@portico/telemetry'
import Fastify from 'fastify'

export async function start(otlpUrl: string) {
  const telemetry = createTelemetry({ service: 'notes', instance: 'notes-1', version: '1.0.0', otlpUrl })
  const { tracer, log, metrics } = telemetry
  const renderings = metrics.counter('notes_renderings_total', 'Notes that were rendered', ['kind'])

  const app = Fastify()
  traceFastify(app, telemetry, { trustParent: true })
  app.get('/notes/:id', () =>
    withSpan(tracer, 'render note', {}, async () => {
      log.info({ kind: 'plain' }, 'rendering') // with the traceId of the request
      renderings.inc({ kind: 'plain' })
      return { html: '<p>hello</p>' }
    }),
  )
  app.addHook('onClose', () => telemetry.shutdown())
  return app
}
