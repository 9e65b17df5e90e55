import pg from 'pg'

const limitMs = 3_000

/** Has the server write what it holds, in the background. Nothing depends on whether it does. */
export function checkpoint(url: string): void {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: limitMs, query_timeout: limitMs })
  client.on('error', () => {})
  client
    .connect()
    .then(() => client.query('CHECKPOINT'))
    .finally(() => client.end())
    .catch(() => {})
}
