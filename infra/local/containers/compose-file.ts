import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { parse } from 'yaml'

const Mount = Type.Object({
  type: Type.Literal('volume'),
  source: Type.String(),
  target: Type.String(),
  read_only: Type.Optional(Type.Boolean()),
  volume: Type.Optional(Type.Object({ subpath: Type.String() })),
})
const Dependency = Type.Object({
  condition: Type.Union([Type.Literal('service_healthy'), Type.Literal('service_completed_successfully')]),
})
/** As much of compose as our file uses, and no more: a short form that is not listed here is not used. */
export const ComposeService = Type.Object({
  image: Type.Optional(Type.String()),
  extends: Type.Optional(Type.Object({ service: Type.String() })),
  build: Type.Optional(Type.Object({ context: Type.String(), dockerfile: Type.String(), target: Type.String() })),
  command: Type.Optional(Type.Array(Type.String())),
  restart: Type.Optional(Type.String()),
  working_dir: Type.Optional(Type.String()),
  environment: Type.Optional(Type.Record(Type.String(), Type.String())),
  ports: Type.Optional(Type.Array(Type.String())),
  volumes: Type.Optional(Type.Array(Type.Union([Type.String(), Mount]))),
  depends_on: Type.Optional(Type.Record(Type.String(), Dependency)),
  healthcheck: Type.Optional(Type.Object({ test: Type.Array(Type.String()) })),
})
export type ComposeService = Type.Static<typeof ComposeService>
const ComposeFile = Type.Object({
  services: Type.Record(Type.String(), ComposeService),
  volumes: Type.Record(Type.String(), Type.Null()),
})

/** The file as text, as YAML with its merges done, and as what our checks look at. */
export function readComposeFile(root: string) {
  const text = readFileSync(join(root, 'docker-compose.yml'), 'utf8')
  const document: unknown = parse(text, { merge: true })
  return { text, document, compose: Value.Parse(ComposeFile, document) }
}
