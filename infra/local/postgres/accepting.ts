import pg from 'pg'

const connectTimeoutMs = 2_000
const everyMs = 30

/** Resolves when the server answers a query. @throws after `withinMs`, with the last reason */
export async function accepting(url: string, { withinMs, signal }: { withinMs: number; signal?: AbortSignal }) {
  const deadline = Date.now() + withinMs
  for (;;) {
    const reason = await attempt(url)
    if (!reason) return
    signal?.throwIfAborted()
    if (Date.now() > deadline) throw new Error(`PostgreSQL does not answer: ${reason}`)
    await new Promise(resolve => setTimeout(resolve, everyMs))
  }
}

async function attempt(url: string): Promise<string | null> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: connectTimeoutMs })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query('SELECT 1')
    return null
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    await client.end().catch(() => {})
  }
}
