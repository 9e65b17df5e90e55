import { defineBroadcast } from '../event.ts'
import { CachePurge, cachePurgeSubject } from '../purge.ts'
import type { ServiceContract } from '../service.ts'
import { createComment, deleteComment, editComment, listComments } from './comments.ts'
import { CommentCreated, CommentDeleted, PostChanged, PostDeleted, PostPublished, PostUnpublished } from './events.ts'
import {
  createPost,
  deletePost,
  editPost,
  getPost,
  listOwnPosts,
  listPosts,
  publishPost,
  restorePost,
  schedulePost,
  unpublishPost,
} from './posts.ts'
import { addReaction, removeReaction } from './reactions.ts'
import { listTags } from './tags.ts'

export const ContentPurged = defineBroadcast(cachePurgeSubject('content'), CachePurge, {
  description: 'Answers with one of these tags changed: `posts`, `tags`, `post:<id>`, `comments:<post id>`',
})

export const contentContract: ServiceContract = {
  name: 'content',
  version: '0.1.0',
  description: 'Posts, comments, reactions and tags',
  operations: [
    createPost,
    listPosts,
    listOwnPosts,
    getPost,
    editPost,
    deletePost,
    publishPost,
    unpublishPost,
    schedulePost,
    restorePost,
    listComments,
    createComment,
    editComment,
    deleteComment,
    addReaction,
    removeReaction,
    listTags,
  ],
  emits: [PostPublished, PostChanged, PostUnpublished, PostDeleted, CommentCreated, CommentDeleted],
  broadcasts: [ContentPurged],
  listensTo: ['user.account'],
}
