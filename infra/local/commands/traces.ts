import { parseArgs } from 'node:util'
import { createClient } from '@portico/client'
import * as console from '@portico/contracts/console'
import type { Command, CommandContext } from '../tool/command.ts'
import { drawTrace, summaryOf } from '../tool/trace.ts'

const usage = `npm run portico -- traces [TRACE_ID] [--service gateway] [--operation NAME] [--slower 100ms] [--limit 20]

Lists the newest traces, or draws one as a tree: what called what, when, and for how long. The id of a trace is in
every answer's Server-Timing header, and in every problem as traceId.

  npm run portico -- traces --service content --slower 50ms
  npm run portico -- traces 3653df413c3c43215af3d8365f66587e
`

export const command: Command = {
  summary: 'List traces, or draw one',
  usage,
  async run(args, context) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        service: { type: 'string', default: 'gateway' },
        operation: { type: 'string' },
        slower: { type: 'string' },
        limit: { type: 'string', default: '20' },
      },
    })
    const [traceId] = positionals
    const api = createClient({
      baseUrl: context.house.url,
      operations: console,
      session: context.house.operator(),
    })
    const traces = traceId
      ? (await api.getTrace({ params: { traceId } })).data
      : (
          await api.searchTraces({
            query: {
              service: values.service,
              limit: Number(values.limit),
              ...(values.operation ? { operation: values.operation } : {}),
              ...(values.slower ? { minDuration: values.slower } : {}),
            },
          })
        ).data
    show(traces, traceId !== undefined, context)
    return 0
  },
}

function show(traces: console.JaegerTrace[], whole: boolean, { json, print }: CommandContext): void {
  if (json) print(JSON.stringify(traces))
  else if (traces.length === 0) print('No such traces.')
  else for (const trace of traces) print(whole ? drawTrace(trace) : summaryOf(trace))
}
