import { internalHeaders } from '@portico/contracts'
import type { FastifyRequest } from 'fastify'
import type { Device } from './session.ts'

const longestAddress = 64
const longestUserAgent = 512

/** Where a request comes from; the gateway names the address and passes `User-Agent` on. */
export function deviceOf({ headers }: Pick<FastifyRequest, 'headers'>): Device {
  const address = headers[internalHeaders.clientAddress]
  return toDevice(typeof address === 'string' ? address : undefined, headers['user-agent'])
}

export function toDevice(address: string | undefined, userAgent: string | undefined): Device {
  return {
    address: address?.slice(0, longestAddress) ?? null,
    userAgent: userAgent?.slice(0, longestUserAgent) ?? null,
  }
}
