import type { FastifyInstance } from 'fastify'

interface KnownPath {
  pattern: RegExp
  methods: Set<string>
}

/**
 * The methods that a path answers to, for `Allow` (RFC 9110, 10.2.1). Fastify's router can only be asked for a method
 * and a path together; this is read when a request has already failed, so a list of patterns is fast enough.
 */
export function allowedMethods(app: FastifyInstance): (url: string) => readonly string[] {
  const known = new Map<string, KnownPath>()
  app.addHook('onRoute', route => {
    const path = known.get(route.url) ?? { pattern: patternOf(route.url), methods: new Set<string>() }
    for (const method of [route.method].flat()) path.methods.add(method)
    known.set(route.url, path)
  })

  return url => {
    const [path = ''] = url.split('?', 1)
    const methods = [...known.values()]
      .filter(({ pattern }) => pattern.test(path))
      .flatMap(({ methods }) => [...methods])
    return [...new Set(methods)].sort()
  }
}

// `/v1/posts/:id` and `*`, as far as contracts use find-my-way's notation.
function patternOf(url: string): RegExp {
  const source = url
    .replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll(/:[A-Za-z_]\w*/g, '[^/]+')
    .replaceAll('*', '.*')
  return new RegExp(`^${source}$`)
}
