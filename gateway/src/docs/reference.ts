import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import Fastify from 'fastify'

/** The API reference page and its script: Scalar's, served from here, so that the page needs nobody else's server. */
export interface Reference {
  page(): Promise<string>
  /** Gzipped once: it is more than a megabyte. */
  script(): Promise<Buffer>
}

export function createReference(urls: { openapi: string; script: string }): Reference {
  let loading: Promise<{ html: string; script: Buffer }> | null = null
  // The plugin brings its 5 MB bundle along as text: it is loaded when somebody first looks, not at each start.
  async function load() {
    const { default: scalar } = await import('@scalar/fastify-api-reference')
    const app = Fastify()
    // No font, no proxy and no word about its users leaves for somebody else's server.
    const configuration = {
      url: urls.openapi,
      cdn: urls.script,
      withDefaultFonts: false,
      telemetry: false,
      proxyUrl: '',
      // Its makers' own services: a share button, an assistant, a way to deploy.
      showDeveloperTools: 'never' as const,
      agent: { disabled: true },
      mcp: { disabled: true },
      hideClientButton: true,
    }
    await app.register(scalar, { routePrefix: '/docs', configuration })
    const [page, script] = await Promise.all([app.inject('/docs/'), app.inject('/docs/js/scalar.js')])
    await app.close()
    if (page.statusCode !== 200 || script.statusCode !== 200) throw new Error('the reference page is not where it was')
    return {
      html: page.payload,
      script: await promisify(gzip)(script.rawPayload, { level: 9 }),
    }
  }
  const loaded = () => {
    loading ??= load().catch(error => {
      loading = null
      throw error
    })
    return loading
  }
  return { page: async () => (await loaded()).html, script: async () => (await loaded()).script }
}
