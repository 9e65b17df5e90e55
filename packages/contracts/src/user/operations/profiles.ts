import { Type } from 'typebox'
import { defineOperation } from '../../operation.ts'
import { InvalidCursor } from '../../problems.ts'
import { Handle, NoContent, pageOf, pageQuery } from '../../schemas.ts'
import { CannotFollowYourself, UserNotFound } from '../problems.ts'
import { Follow, Profile } from '../schemas.ts'

const tags = ['Profiles']
const params = Type.Object({ handle: Handle })
const cache = { maxAgeSeconds: 5, staleWhileRevalidateSeconds: 30, staleIfErrorSeconds: 300 }

export const getUser = defineOperation({
  id: 'getUser',
  method: 'GET',
  url: '/v1/users/:handle',
  summary: 'Read a public profile',
  tags,
  schema: { params, response: { 200: Profile } },
  errors: [UserNotFound],
  policy: { access: 'public', cache },
})

export const followUser = defineOperation({
  id: 'followUser',
  method: 'PUT',
  url: '/v1/users/:handle/follow',
  summary: 'Follow an account',
  tags,
  schema: { params, response: { 204: NoContent } },
  errors: [UserNotFound, CannotFollowYourself],
  policy: { bodyLimitBytes: 0 },
})

export const unfollowUser = defineOperation({
  id: 'unfollowUser',
  method: 'DELETE',
  url: '/v1/users/:handle/follow',
  summary: 'Stop following an account',
  tags,
  schema: { params, response: { 204: NoContent } },
  errors: [UserNotFound],
  policy: { bodyLimitBytes: 0 },
})

export const listFollowers = defineOperation({
  id: 'listFollowers',
  method: 'GET',
  url: '/v1/users/:handle/followers',
  summary: 'List who follows an account, latest first',
  tags,
  schema: { params, querystring: Type.Object(pageQuery), response: { 200: pageOf(Follow) } },
  errors: [UserNotFound, InvalidCursor],
  policy: { access: 'public', cache },
})

export const listFollowing = defineOperation({
  id: 'listFollowing',
  method: 'GET',
  url: '/v1/users/:handle/following',
  summary: 'List whom an account follows, latest first',
  tags,
  schema: { params, querystring: Type.Object(pageQuery), response: { 200: pageOf(Follow) } },
  errors: [UserNotFound, InvalidCursor],
  policy: { access: 'public', cache },
})
