export { type ClientOptions, createClient, everyItem } from './client.ts'
export { defaultRetry, type RetryPolicy } from './retry.ts'
export { type Session, type Tokens, tokenSession } from './session.ts'
export type { Call, Client, InputOf, Operations, OutputOf, Reply } from './types.ts'
