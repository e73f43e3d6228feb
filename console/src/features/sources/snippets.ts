/** What to paste so that the first event arrives. Each is a whole program of a real client. */
import type { KeyClass } from '@/api/types'

export type SnippetName = 'browser' | 'python' | 'node' | 'curl'

/** A browser's key belongs in a page; any other key must never be in one. */
export const SNIPPETS: Record<KeyClass, SnippetName[]> = {
  browser: ['browser', 'curl'],
  server: ['curl', 'python', 'node'],
  connector: ['curl'],
}

interface Given {
  origin: string
  keyClass: KeyClass
  writeKey: string
  room: string
}

export function snippet(name: SnippetName, given: Given): string {
  return { browser, python, node, curl }[name](given)
}

const browser = ({ origin, writeKey, room }: Given): string => {
  const { host, protocol } = new URL(origin)
  return `// npm install @segment/analytics-next
import { AnalyticsBrowser } from '@segment/analytics-next'

const analytics = AnalyticsBrowser.load(
  { writeKey: '${writeKey}', cdnURL: '${origin}' },
  {
    integrations: {
      'Segment.io': { apiHost: '${host}/v1', protocol: '${protocol.replace(':', '')}' },
    },
  },
)
analytics.track('room_entered', { room: '${room}' })
analytics.track('Product Viewed', { room: '${room}', product_id: 'p1' })`
}

const python = ({ origin, writeKey, room }: Given): string => `# pip install segment-analytics-python
import segment.analytics as analytics

analytics.write_key = "${writeKey}"
analytics.host = "${origin}"
analytics.track("viewer-1", "room_entered", {"room": "${room}"})
analytics.track("viewer-1", "Product Viewed", {"room": "${room}", "product_id": "p1"})
analytics.flush()`

const node = ({ origin, writeKey, room }: Given): string => `// npm install @segment/analytics-node
import { Analytics } from '@segment/analytics-node'

const analytics = new Analytics({ writeKey: '${writeKey}', host: '${origin}' })
const userId = 'viewer-1'
analytics.track({ userId, event: 'room_entered', properties: { room: '${room}' } })
analytics.track({
  userId,
  event: 'Product Viewed',
  properties: { room: '${room}', product_id: 'p1' },
})
await analytics.closeAndFlush()`

/** What a client draws for itself: an id that nobody can guess, or it would be refused. */
const NOBODY = '7f3c1a52-9d0e-4b86-a1c4-2e5d8f60b937'

/** A browser's key speaks for unknown viewers only, unless the shop's server signs for known ones. */
const curl = ({ origin, keyClass, writeKey, room }: Given): string => `curl -u '${writeKey}:' '${origin}/v1/track' \\
  -H 'content-type: application/json' \\
  -d '{${keyClass === 'browser' ? `"anonymousId": "${NOBODY}"` : '"userId": "viewer-1"'}, "event": "room_entered", "properties": {"room": "${room}"}}'`
