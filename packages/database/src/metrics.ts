import { type Metrics, querySummary } from '@portico/telemetry'
import type { PoolUsage } from './pool.ts'

export interface DatabaseMetrics {
  acquired(waitedSeconds: number): void
  unavailable(): void
  /** Times a statement. */
  timed<T>(sql: string, work: () => Promise<T>): Promise<T>
}

/** The database's metrics, named by the semantic conventions for database clients. */
export function createDatabaseMetrics(metrics: Metrics, usage: () => PoolUsage): DatabaseMetrics {
  const { observe } = metrics
  observe('db_client_connections_used', 'Connections in use', () => usage().inUse)
  observe('db_client_connections_idle', 'Connections that wait for work', () => usage().idle)
  observe('db_client_connection_pending_requests', 'Who waits for a connection', () => usage().waiting)
  const waited = metrics.histogram('db_client_connection_wait_time_seconds', 'Wait for a connection', [])
  const failed = metrics.counter('db_client_connection_failures_total', 'Connections asked for and not had in time', [])
  const took = metrics.histogram('db_client_operation_duration_seconds', 'Time of a statement', ['db_operation_name'])
  return {
    acquired: seconds => waited.observe(seconds),
    unavailable: () => failed.inc(),
    async timed(sql, work) {
      const from = performance.now()
      try {
        return await work()
      } finally {
        took.observe({ db_operation_name: querySummary(sql).operation }, (performance.now() - from) / 1_000)
      }
    },
  }
}
