// Loaded before each replica's own code. Node writes what it compiled when the process ends: the first time that takes
// longer than a stop may. So it is written while the process serves, once it has settled.
import { flushCompileCache } from 'node:module'

const settledMs = 4_000
setTimeout(flushCompileCache, settledMs).unref()
