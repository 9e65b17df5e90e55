import { type ChildProcess, fork } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { Overloaded } from '@portico/contracts'
import { ImageUnreadable } from '@portico/contracts/file'
import type { DerivativeJob, WorkerAnswer, WorkerMessage } from './image-worker.ts'

export interface ImageLimits {
  /** How long one image may take, milliseconds. */
  timeoutMs: number
  /** Resident memory at which the process is killed, bytes. */
  memoryBytes: number
  limitPixels: number
  /** How many may wait. */
  queue: number
}

export const imageLimits: ImageLimits = {
  timeoutMs: 20_000,
  memoryBytes: 768 * 1_024 * 1_024,
  limitPixels: 60_000_000,
  queue: 64,
}

export interface ImageProcess {
  /** @throws ImageUnreadable when it cannot be decoded, Overloaded when too many wait */
  derive(job: Omit<DerivativeJob, 'limitPixels'>): Promise<void>
  look(source: string): Promise<{ width: number; height: number }>
  close(): Promise<void>
}

interface Waiting {
  message: WorkerMessage
  resolve: (answer: WorkerAnswer) => void
  reject: (error: Error) => void
}

/**
 * Decodes images in a child process, one at a time. The child is started when the first image comes, killed when one
 * takes too long or too much memory, and replaced for the next.
 */
export function createImageProcess(limits: ImageLimits = imageLimits): ImageProcess {
  const queue: Waiting[] = []
  let child: ChildProcess | null = null
  let isBusy = false
  let lastId = 0

  const ask = (message: DistributiveOmit<WorkerMessage, 'id'>): Promise<WorkerAnswer> => {
    if (queue.length >= limits.queue) throw Overloaded({ headers: { 'retry-after': '5' } })
    return new Promise((resolve, reject) => {
      queue.push({ message: { ...message, id: ++lastId } as WorkerMessage, resolve, reject })
      void next()
    })
  }

  const next = async () => {
    if (isBusy) return
    const waiting = queue.shift()
    if (!waiting) return
    isBusy = true
    child = isAlive(child) ? child : startWorker()
    const outcome = await answerOf(child, waiting.message, limits)
    if (outcome instanceof Error) {
      child.kill('SIGKILL')
      child = null
      waiting.reject(outcome)
    } else waiting.resolve(outcome)
    isBusy = false
    void next()
  }

  const checked = async (message: DistributiveOmit<WorkerMessage, 'id'>) => {
    const answer = await ask(message)
    if (answer.error !== undefined) throw ImageUnreadable({ cause: answer.error })
    return answer
  }

  return {
    async derive(job) {
      await checked({ kind: 'derive', job: { ...job, limitPixels: limits.limitPixels } })
    },
    async look(source) {
      const { width = 0, height = 0 } = await checked({ kind: 'look', source, limitPixels: limits.limitPixels })
      return { width, height }
    },
    async close() {
      for (const { reject } of queue.splice(0)) reject(Overloaded())
      child?.kill('SIGKILL')
      child = null
    },
  }
}

type DistributiveOmit<Union, Key extends PropertyKey> = Union extends unknown ? Omit<Union, Key> : never

const isAlive = (child: ChildProcess | null): child is ChildProcess =>
  child?.connected === true && child.exitCode === null

function startWorker(): ChildProcess {
  const path = fileURLToPath(new URL('./image-worker.ts', import.meta.url))
  // No secrets in its environment: it reads files that strangers made.
  return fork(path, {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: { PATH: process.env.PATH ?? '' },
    execArgv: ['--max-old-space-size=128'],
  })
}

/** The worker's answer, or the reason why it must die. */
function answerOf(child: ChildProcess, message: WorkerMessage, limits: ImageLimits): Promise<WorkerAnswer | Error> {
  return new Promise(resolve => {
    const done = (outcome: WorkerAnswer | Error) => {
      clearTimeout(timer)
      clearInterval(watch)
      child.off('message', answered).off('exit', died)
      resolve(outcome)
    }
    const answered = (answer: unknown) => {
      if ((answer as WorkerAnswer).id === message.id) done(answer as WorkerAnswer)
    }
    const died = () => done(ImageUnreadable({ cause: 'the decoder died' }))
    const timer = setTimeout(() => done(ImageUnreadable({ cause: 'the decoder took too long' })), limits.timeoutMs)
    const watch = setInterval(async () => {
      if ((await residentBytes(child.pid)) > limits.memoryBytes)
        done(ImageUnreadable({ cause: 'the decoder took too much memory' }))
    }, 100)
    child.on('message', answered).once('exit', died)
    child.send(message, error => {
      if (error) done(error)
    })
  })
}

/** 0 where the kernel does not tell: the limits of time and pixels hold everywhere. */
async function residentBytes(pid: number | undefined): Promise<number> {
  const pages = await readFile(`/proc/${pid}/statm`, 'utf8').then(
    text => Number(text.split(' ')[1]),
    () => 0,
  )
  return pages * 4_096
}
