import { Type } from 'typebox'
import { defineOperation } from '../operation.ts'
import { InvalidCursor } from '../problems.ts'
import { pageOf, pageQuery } from '../schemas.ts'
import { Tag } from './schemas.ts'

export const listTags = defineOperation({
  id: 'listTags',
  method: 'GET',
  url: '/v1/tags',
  summary: 'Tags of published posts, by name',
  tags: ['tags'],
  schema: { querystring: Type.Object(pageQuery), response: { 200: pageOf(Tag) } },
  errors: [InvalidCursor],
  policy: {
    access: 'public',
    cache: { maxAgeSeconds: 60, staleWhileRevalidateSeconds: 300, staleIfErrorSeconds: 600 },
  },
})
