const draft = { status: 'draft', publishedAt: null }

/** What the tool says of each blog, the first time. */
export const expectedReports = {
  hugo: {
    posts: { added: 3, alreadyThere: 0 },
    images: { added: 2, alreadyThere: 0 },
    refused: [{ source: 'content/posts/_index.md', reason: 'it is the page of a folder, not a post' }],
  },
  jekyll: { posts: { added: 2, alreadyThere: 0 }, images: { added: 1, alreadyThere: 0 }, refused: [] },
  ghost: {
    posts: { added: 2, alreadyThere: 0 },
    images: { added: 1, alreadyThere: 0 },
    refused: [
      {
        source: 'broken.md',
        reason: 'Flow sequence in block collection must be sufficiently indented and end with a ] at line 2, column 1:',
      },
    ],
  },
  nodejs: {
    posts: { added: 3, alreadyThere: 0 },
    images: { added: 1, alreadyThere: 1 },
    refused: [
      { source: 'posts/events/empty.md', reason: 'it has no text' },
      { source: 'posts/events/nameless.md', reason: 'it has no title' },
    ],
  },
}

/** By slug, as the API then tells them: without a person in the source it is who imported. */
export const expectedPosts = [
  post('boats', 'Boats: coming in', ['Ada Byron'], ['sea'], '2019-06-01T06:00:00.000Z'),
  post('hello-world', 'Hello, world', ['Jo Field'], ['news', 'welcome'], '2015-03-01T09:00:00.000Z'),
  post('meeting', 'We met', ['Sam Reed'], ['events'], '2017-01-05T00:00:00.000Z'),
  post('second', 'Second', ['Operator'], ['code'], '2015-04-02T00:00:00.000Z'),
  { ...post('still-secret', 'Still secret', ['Operator'], [], '2020-02-01T00:00:00.000Z'), ...draft },
  {
    ...post(
      'the-lighthouse',
      'The lighthouse',
      ['Ada Byron', 'Grace Brewster'],
      ['sea', 'night-watch'],
      '2019-05-04T10:30:00.000Z',
    ),
    hasCover: true,
  },
  { ...post('unfinished', 'Not for everybody yet', ['Operator'], [], '2019-07-01T00:00:00.000Z'), ...draft },
  post('v1.2.3', 'House 1.2.3 (Current)', ['The House Project'], ['release'], '2016-09-27T18:14:55.000Z'),
  post('v1.2.4', 'House 1.2.4 (LTS)', ['Rod Lane', 'Tess Moor', 'Uma West'], ['release'], '2016-10-01T09:00:00.000Z'),
  {
    ...post('welcome-in', 'Welcome in', ['Mina Harker'], ['getting-started'], '2020-01-15T12:00:00.000Z'),
    hasCover: true,
  },
]

function post(slug: string, title: string, authors: string[], tags: string[], at: string) {
  return { slug, title, status: 'published', authors, tags, createdAt: at, publishedAt: at, hasCover: false }
}
