import { describe, expect, test } from 'vitest'
import { freshnessOf } from '@/features/board/use-room-board'
import { line, onlineLabel } from '@/features/board/trend-option'
import { stateOf } from '@/features/health/sources-health'
import { SNIPPETS, snippet } from '@/features/sources/snippets'
import { inOrder } from '@/features/viewers/linked'
import { evidenceOf, holding } from '@/features/viewers/standing'
import { folded } from '@/features/viewers/timeline'
import { heldOrder } from '@/lib/use-frozen-order'
import type { Person, SourceHealth, TagAnswer, TimelineEvent, ViewerTag } from '@/api/types'

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

test('a trend is broken where nothing was heard', () => {
  const point = (at: number) => ({ at, online: at / 1000, gmv_minor_per_min: 0, orders_per_min: 0 })
  const trend = [point(0), point(5_000), point(65_000)]
  expect(line(trend, (one) => one.online)).toEqual([
    [0, 0],
    [5_000, 5],
    [5_001, null],
    [65_000, 65],
  ])
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
    const body = JSON.parse(/-d '(.*)'/.exec(text)?.[1] ?? '') as Record<string, string>
    expect(Object.keys(body)).not.toContain('userId')
    expect(body['anonymousId']).toMatch(/^[0-9a-f-]{36}$/) // a shorter one is refused at the door
  })
})

test('steps of the axis never read alike', () => {
  const trend = (least: number, most: number) =>
    [least, most].map((online, at) => ({ at, online, gmv_minor_per_min: 0, orders_per_min: 0 }))
  const label = (least: number, most: number) => onlineLabel({ trend: trend(least, most), language: 'zh' })
  expect([49_800, 50_000].map(label(49_700, 50_100))).toEqual(['49,800', '50,000'])
  expect([20_000, 50_000].map(label(18_000, 51_000))).toEqual(['2.0万', '5.0万'])
})

test('signs of life one after another are one line, and evidence stands alone', () => {
  const event = (type: string, at: number): TimelineEvent => ({
    type,
    at,
    arrival: at,
    product: null,
    title: null,
    text: null,
    amount_minor: null,
    source: null,
    message_id: `m${at}`,
  })
  const beats = [9, 8, 7, 6, 5].map((at) => event('heartbeat', at))
  const lines = folded([...beats, event('liked', 4), event('liked', 3), event('heartbeat', 2)], new Set(['m7']))
  expect(lines.map(({ event: { at }, times, from }) => [at, times, from])).toEqual([
    [9, 2, 8],
    [7, 1, 7],
    [6, 2, 5],
    [4, 1, 4],
    [3, 1, 3],
    [2, 1, 2],
  ])
})

describe('what holds of a viewer', () => {
  const words = { zh: '名', en: 'name' }
  const tag = (key: string, answer: TagAnswer, because: string[] = []): ViewerTag => ({
    key,
    names: words,
    meaning: words,
    tier: 'basic',
    answer,
    value: answer === 'value' ? 'x' : null,
    value_names: null,
    sentence: null,
    since: null,
    because,
  })
  const tags = [tag('a', 'yes', ['e1']), tag('b', 'no'), tag('c', 'unknown'), tag('d', 'value', ['e2'])]

  test('insufficient evidence is not an answer, and neither is no', () => {
    expect(holding(tags).map((one) => one.key)).toEqual(['a', 'd'])
  })

  test('a tag and a segment of one key have evidence of their own', () => {
    const segment = { ...tag('a', 'yes', ['e3']), sentence: words }
    const person = { tags, segments: [segment] } as unknown as Person
    expect(evidenceOf(person, 'tag.a')).toEqual(['e1'])
    expect(evidenceOf(person, 'segment.a')).toEqual(['e3'])
    expect(evidenceOf(person, 'tag.z')).toEqual([])
  })
})

test('links that hold stand before those that are over, the newer first', () => {
  const link = (id: string, since: number, until: number | null) => ({ id, of: 'm', kind: 'device' as const, since, until, source: 's' })
  const linked = [link('a', 1, null), link('b', 2, 9), link('c', 3, null), link('d', 4, 8)]
  expect(inOrder(linked).map((one) => one.id)).toEqual(['c', 'a', 'd', 'b'])
})
