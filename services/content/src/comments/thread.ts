import { contentLimits, ThreadTooDeep } from '@portico/contracts/content'

/** Characters that one comment adds to a path: its id without dashes. */
const segmentLength = 32

/**
 * Where a comment stands in its thread: the path of what it answers, and its own id. Ids are ordered by time (UUIDv7), so
 * paths in the order of their text are threads in the order of a conversation.
 * @throws ThreadTooDeep
 */
export function pathOf(id: string, parentPath: string | null): string {
  const path = `${parentPath ?? ''}${id.replaceAll('-', '')}`
  if (depthOf(path) >= contentLimits.threadDepth) throw ThreadTooDeep()
  return path
}

/** 0 for a comment that answers the post itself. */
export const depthOf = (path: string) => path.length / segmentLength - 1
