import type { Say } from './language'

const ANONYMOUS = '?'
const SHOWN_CHARACTERS = 6

/** A viewer as people can read it out: an unknown one by the beginning of its long id. */
export function viewerLabel(viewer: string, t: Say): string {
  if (!viewer.startsWith(ANONYMOUS)) return viewer
  return t('app.unknown_viewer', { id: viewer.slice(1, 1 + SHOWN_CHARACTERS) })
}
