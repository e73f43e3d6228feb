/** A viewer is there while heartbeats come: every 15 s, with how long they did nothing. */

import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { connect } from '../src/index.ts'
import { answer, FakeIngest, FakeTransport, isEvents, OPTIONS } from './fakes.ts'

const ROOM = { ...OPTIONS, room: 'r1' }

beforeEach(() => {
  vi.useFakeTimers({ now: 1_800_000_000_000 })
})
afterEach(() => {
  vi.useRealTimers()
})

test('it enters, beats every 15 s with page, idle time and visibility, and leaves', async () => {
  const ingest = new FakeIngest()
  const transport = new FakeTransport(ingest.respond, null, (asked) => ingest.take(asked))
  const client = connect(ROOM, transport)
  client.at({ page: 'product', product: 'p1' })
  await vi.advanceTimersByTimeAsync(32_000)
  transport.watcher?.onActive()
  transport.isInFront = false
  transport.watcher?.onVisible(false)
  await vi.advanceTimersByTimeAsync(14_000)
  transport.watcher?.onGone()
  expect(ingest.taken.map((one) => [one['type'], one['idle_ms'], one['visible'], one['product']])).toEqual([
    ['room_entered', undefined, undefined, undefined],
    ['heartbeat', 15_000, true, 'p1'],
    ['heartbeat', 30_000, true, 'p1'],
    ['heartbeat', 0, false, 'p1'],
    ['heartbeat', 13_000, false, 'p1'],
    ['room_left', undefined, undefined, undefined],
  ])
  expect(ingest.taken.every((one) => one['room'] === 'r1')).toBe(true)
  transport.watcher?.onBack()
  await vi.advanceTimersByTimeAsync(2_000)
  expect(ingest.taken.at(-1)).toMatchObject({ type: 'room_entered' })
  client.close()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(ingest.taken.at(-1)).toMatchObject({ type: 'room_left' })
})

test('without a network heartbeats do not pile up', async () => {
  const transport = new FakeTransport((asked) => (isEvents(asked) ? answer(503) : answer(200, { anonymous_id: 'a' })))
  const client = connect(ROOM, transport)
  await vi.advanceTimersByTimeAsync(600_000)
  expect(client.statistics().waiting).toBe(3) // it entered, and two that say that it is there
})

test('without a room it only tells what it is told to', async () => {
  const ingest = new FakeIngest()
  const transport = new FakeTransport(ingest.respond)
  connect(OPTIONS, transport)
  await vi.advanceTimersByTimeAsync(60_000)
  expect([ingest.taken, transport.lines]).toEqual([[], []])
})
