import { Type } from 'typebox'
import { defineOperation } from '../operation.ts'
import { NotSignedIn } from '../problems.ts'
import { Id, NoContent } from '../schemas.ts'
import { PostNotFound } from './problems.ts'
import { ReactionKind } from './schemas.ts'

const tags = ['reactions']
const params = Type.Object({ id: Id, kind: ReactionKind })

export const addReaction = defineOperation({
  id: 'addReaction',
  method: 'PUT',
  url: '/v1/posts/:id/reactions/:kind',
  summary: 'React to a published post',
  description: 'Each account once per kind; again changes nothing.',
  tags,
  schema: { params, response: { 204: NoContent } },
  errors: [NotSignedIn, PostNotFound],
})

export const removeReaction = defineOperation({
  id: 'removeReaction',
  method: 'DELETE',
  url: '/v1/posts/:id/reactions/:kind',
  summary: 'Take a reaction back',
  tags,
  schema: { params, response: { 204: NoContent } },
  errors: [NotSignedIn, PostNotFound],
})
