export { type CapturedSpans, capturedSpans } from './captured-spans.ts'
export {
  privatePostgres,
  type TestDatabase,
  type TestDatabaseOptions,
  type TestPostgres,
  testDatabase,
  testPostgres,
} from './databases.ts'
export { type EventuallyOptions, eventually } from './eventually.ts'
export { freePort } from './free-port.ts'
export { type TestNats, type TestNatsOptions, testNats } from './nats.ts'
export type { CapturedSpan } from './otlp-spans.ts'
export type { PostgresServer } from './postgres-server.ts'
export { type ProcessOptions, type StartedProcess, startProcess } from './process.ts'
export { type ProcessEntry, processTable } from './process-table.ts'
export type { TestScope } from './scope.ts'
export { type SpanNode, type SpanTree, spanTree } from './span-tree.ts'
export { stopwatch } from './stopwatch.ts'
export { type TestStreamsOptions, testStreams } from './streams.ts'
export type { Exit } from './tether.ts'
