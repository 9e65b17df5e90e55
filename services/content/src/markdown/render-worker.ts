import { parentPort } from 'node:worker_threads'
import { renderPost } from './render.ts'

/** The thread of `renderer.ts`: a text comes, what was made of it goes back. */
parentPort?.on('message', (markdown: string) => parentPort?.postMessage(renderPost(markdown)))
