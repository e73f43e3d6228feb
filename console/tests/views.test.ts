import { describe, expect, test } from 'vitest'
import { freshnessOf } from '@/features/board/use-room-board'
import { stateOf } from '@/features/health/sources-health'
import { SNIPPETS, snippet } from '@/features/sources/snippets'
import { heldOrder } from '@/lib/use-frozen-order'
import type { SourceHealth } from '@/api/types'

describe('how fresh the numbers are', () => {
  const fine = { lag_ms: 20 }

  test.each([
    ['open', fine, 900, 'live'],
    ['open', fine, 5_001, 'stale'],
    ['open', { lag_ms: 5_001 }, 900, 'behind'],
    ['connecting', null, 900, 'connecting'],
    ['connecting', fine, 900, 'stale'], // old numbers are shown while a new connection is made
    ['down', fine, 900, 'down'], // at once, not after five seconds
    ['down', null, 900, 'down'],
  ] as const)('%s, %o, silent for %d ms: %s', (state, board, silence_ms, freshness) => {
    expect(freshnessOf(state, board, silence_ms)).toBe(freshness)
  })
})

describe('a held order', () => {
  const rows = (...keys: string[]) => new Map(keys.map((key) => [key, key.toUpperCase()]))

  test('keeps what is gone in its place, marked, and counts what waits', () => {
    expect(heldOrder(rows('a', 'b', 'c'), rows('d', 'c', 'a'))).toEqual({
      rows: [
        { row: 'A', isGone: false },
        { row: 'B', isGone: true },
        { row: 'C', isGone: false },
      ],
      waiting: 1,
    })
  })

  test('shows the values of now', () => {
    const held = new Map([['a', 1]])
    expect(heldOrder(held, new Map([['a', 2]])).rows).toEqual([{ row: 2, isGone: false }])
  })
})

describe('the state of a source', () => {
  const fine: SourceHealth = {
    name: 's',
    key_class: 'server',
    first_at: 1,
    last_at: 99_000,
    events: 950,
    duplicates: 0,
    late: 0,
    rejected: 50,
    delay_p50_ms: 10,
    delay_p95_ms: 5_000,
    rejected_by_code: {},
  }

  test.each([
    [fine, 'fine'],
    [{ ...fine, last_at: null }, 'never'],
    [{ ...fine, last_at: 39_999 }, 'quiet'],
    [{ ...fine, delay_p95_ms: 5_001 }, 'slow'],
    [{ ...fine, rejected: 51 }, 'refusing'],
    [{ ...fine, delay_p95_ms: null }, 'fine'],
  ])('%#', (source, state) => {
    expect(stateOf(source, 100_000)).toBe(state)
  })
})

describe('snippets', () => {
  const given = {
    origin: 'https://live.example.com:8443',
    keyClass: 'server',
    writeKey: 'KEY',
    room: 'room-1',
  } as const

  test('carry the key, the room and the address of this server', () => {
    for (const name of ['browser', 'python', 'node', 'curl'] as const) {
      const text = snippet(name, given)
      expect(text).toContain('KEY')
      expect(text).toContain('room-1')
      expect(text).toContain('live.example.com:8443')
    }
  })

  test('a key of a server is never offered for a page', () => {
    expect(SNIPPETS.server).not.toContain('browser')
    expect(SNIPPETS.connector).not.toContain('browser')
  })

  test('the body of the curl call is JSON', () => {
    const body = /-d '(.*)'/.exec(snippet('curl', given))?.[1] ?? ''
    expect(JSON.parse(body)).toEqual({
      userId: 'viewer-1',
      event: 'room_entered',
      properties: { room: 'room-1' },
    })
  })

  test('a key of a browser speaks for unknown viewers', () => {
    const text = snippet('curl', { ...given, keyClass: 'browser' })
    expect(text).toContain('anonymousId')
    expect(text).not.toContain('userId')
  })
})
