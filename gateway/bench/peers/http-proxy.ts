import httpProxy from '@fastify/http-proxy'
import Fastify from 'fastify'

// @fastify/http-proxy as its documentation shows it; one upstream, since it balances nothing.
const [upstream = ''] = (process.env.UPSTREAMS ?? '').split(',')
const app = Fastify()
await app.register(httpProxy, { upstream })
await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' })
