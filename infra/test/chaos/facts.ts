import type { Person } from '../support/people.ts'

/** What was acknowledged, and so must be there, once, whatever was killed meanwhile. */
export interface Facts {
  readonly people: Person[]
  readonly posts: Post[]
  readonly comments: Comment[]
  readonly follows: Follow[]
}

export interface Post {
  readonly id: string
  readonly slug: string
  readonly title: string
  readonly author: Person
  readonly cover: { readonly id: string; readonly bytes: Uint8Array }
}

export interface Comment {
  readonly id: string
  /** Words that no other comment holds. */
  readonly body: string
  readonly post: Post
  readonly by: Person
}

export interface Follow {
  readonly by: Person
  readonly whom: Person
}

export function noFacts(): Facts {
  return { people: [], posts: [], comments: [], follows: [] }
}
