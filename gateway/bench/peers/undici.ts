import { createServer, type ServerResponse } from 'node:http'
import { type Dispatcher, Pool } from 'undici'

// The floor: nothing between client and replica but Node's server and undici's dispatch. No balancing beyond taking
// turns, no limits, no clean-up of headers, no retries.
const pools = (process.env.UPSTREAMS ?? '').split(',').map(origin => new Pool(origin))
let turn = 0

class Handler implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse
  constructor(response: ServerResponse) {
    this.#response = response
  }
  onRequestStart(): void {}
  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: Record<string, string>): void {
    this.#response.writeHead(status, headers)
  }
  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#response.write(chunk)) return
    controller.pause()
    this.#response.once('drain', () => controller.resume())
  }
  onResponseEnd(): void {
    this.#response.end()
  }
  onResponseError(): void {
    this.#response.destroy()
  }
}

createServer((request, response) => {
  turn = (turn + 1) % pools.length
  pools[turn]?.dispatch(
    { path: request.url ?? '/', method: request.method ?? 'GET', headers: { host: request.headers.host }, body: null },
    new Handler(response),
  )
}).listen(Number(process.env.PORT), '127.0.0.1')
