/**
 * Outlives whoever started it by a moment. It reads lines from its input: `keep PID SIGNAL`, `release PID`,
 * `folder PATH`. When the input ends, because its owner closed it or is dead, it stops every process group it still
 * keeps, removes the folders, and goes.
 */
import { rmSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { isAlive, signalGroup } from './signals.ts'

const graceMs = 4_000
const everyMs = 50

const kept = new Map<number, NodeJS.Signals>()
const folders = new Set<string>()

// Only the end of the input ends it: a ctrl-C meant for its owner must not.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})

for await (const line of createInterface({ input: process.stdin })) {
  const [verb, subject = '', signal] = line.split('\t')
  if (verb === 'keep') kept.set(Number(subject), signal === 'SIGINT' ? 'SIGINT' : 'SIGTERM')
  if (verb === 'release') kept.delete(Number(subject))
  if (verb === 'folder') folders.add(subject)
}

for (const [pid, signal] of [...kept].reverse()) signalGroup(pid, signal)
const deadline = Date.now() + graceMs
while (Date.now() < deadline && [...kept.keys()].some(isAlive))
  await new Promise(resolve => setTimeout(resolve, everyMs))
// The whole group, also when its first process is gone: what it left behind goes too.
for (const pid of kept.keys()) signalGroup(pid, 'SIGKILL')
for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
