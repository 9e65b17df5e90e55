import { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'

/** The stream to answer with. For HEAD an empty one: Fastify would read a whole file to throw it away. */
export const bodyFor = ({ method }: FastifyRequest, open: () => Readable): Readable =>
  method === 'HEAD' ? Readable.from([]) : open()
