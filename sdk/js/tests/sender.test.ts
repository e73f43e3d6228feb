/** What becomes of a post: by its answer, by the person it is of, and by how much waits. */

import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { backoffMs, retryAfterMs } from '../src/backoff.ts'
import { connect } from '../src/index.ts'
import { MOST_EVENTS } from '../src/queue.ts'
import type { Problem } from '../src/sender.ts'
import { answer, FakeIngest, FakeStorage, FakeTransport, isEvents, OPTIONS, tokenOf, type Respond } from './fakes.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: 1_800_000_000_000 })
})
afterEach(() => {
  vi.useRealTimers()
})

/** Answers to posts of events, one after the other; then all is well. */
function answering(...first: ReturnType<typeof answer>[]): { ingest: FakeIngest; respond: Respond } {
  const ingest = new FakeIngest()
  const respond: Respond = (asked) => (isEvents(asked) ? first.shift() : undefined) ?? ingest.respond(asked)
  return { ingest, respond }
}

test('events of a second are one post with the key and without a header', async () => {
  const { ingest, respond } = answering()
  const transport = new FakeTransport(respond)
  const client = connect(OPTIONS, transport)
  client.track('product_viewed', { product: 'p1' })
  client.track('comment_sent', { text: '多少钱' })
  await vi.advanceTimersByTimeAsync(2_000)
  expect(transport.batches).toHaveLength(1)
  expect(transport.asked.find(isEvents)?.url).toBe('https://live.example/v1/events?key=qmb_12345678_rest')
  expect(ingest.taken).toMatchObject([
    { type: 'product_viewed', product: 'p1', seq: 1, anonymous_id: 'qa1.of-this-server' },
    { type: 'comment_sent', text: '多少钱', seq: 2 },
  ])
  expect(client.statistics()).toEqual({ sent: 2, refused: 0, waiting: 0, givenUp: 0 })
})

test('a full batch does not wait, and a long one is sent in parts that a closing page can send', async () => {
  const { ingest, respond } = answering()
  const transport = new FakeTransport(respond)
  const client = connect(OPTIONS, transport)
  for (let time = 0; time < 60; time += 1) client.track('comment_sent', { text: '贵'.repeat(1_000) })
  await vi.advanceTimersByTimeAsync(100)
  expect(ingest.taken).toHaveLength(60)
  for (const { body } of transport.asked) expect(Buffer.byteLength(body)).toBeLessThan(60_000)
})

test('Retry-After is waited for in full, in seconds and as a date', async () => {
  const { ingest, respond } = answering(answer(429, { code: 'rate' }, '90'))
  const transport = new FakeTransport(respond)
  connect(OPTIONS, transport).track('followed')
  await vi.advanceTimersByTimeAsync(90_000)
  expect(transport.batches).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(40_000)
  expect(ingest.taken).toHaveLength(1)
  expect(retryAfterMs(new Date(1_800_000_060_000).toUTCString(), 1_800_000_000_000)).toBe(60_000)
  expect(retryAfterMs('soon', 0)).toBe(0)
})

test('the wait grows to a minute and is never the same for all', () => {
  const least = Array.from({ length: 9 }, (_, attempt) => backoffMs(attempt, 0))
  expect(least).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000])
  expect(backoffMs(9, 0.999)).toBeGreaterThan(59_000)
  expect(backoffMs(0, 0.5, 60_000)).toBe(75_000)
})

test.each([400, 401, 403, 404, 405, 415])('a post that got %i is not sent again', async (status) => {
  const { ingest, respond } = answering(answer(status, { code: 'origin', message: 'not from here' }))
  const problems: Problem[] = []
  const transport = new FakeTransport(respond)
  const client = connect({ ...OPTIONS, onProblem: (one) => problems.push(one) }, transport)
  client.track('followed')
  await vi.advanceTimersByTimeAsync(2_000)
  client.track('voice_joined')
  await vi.advanceTimersByTimeAsync(200_000)
  expect(ingest.taken.map((one) => one['type'])).toEqual(['voice_joined'])
  expect(problems).toEqual([{ code: 'origin', detail: 'not from here', events: 1 }])
  expect(client.statistics()).toMatchObject({ refused: 1, sent: 1 })
})

test('single events that are rejected are told, and the others count', async () => {
  const rejected = [{ index: 0, message_id: null, code: 'not_allowed', detail: 'of another room' }]
  const { respond } = answering(answer(200, { success: true, accepted: 1, rejected }))
  const problems: Problem[] = []
  const client = connect({ ...OPTIONS, onProblem: (one) => problems.push(one) }, new FakeTransport(respond))
  client.track('followed')
  client.track('followed')
  await client.flush()
  expect(problems).toEqual([{ code: 'not_allowed', detail: 'of another room', events: 1 }])
  expect(client.statistics()).toMatchObject({ sent: 1, refused: 1, waiting: 0 })
})

test('a body that is too large goes in parts, down to one event', async () => {
  const ingest = new FakeIngest()
  const transport = new FakeTransport((asked) =>
    isEvents(asked) && asked.body.includes('"seq":3') && asked.body.length > 400 ? answer(413) : ingest.respond(asked),
  )
  const client = connect(OPTIONS, transport)
  for (let time = 0; time < 8; time += 1) client.track('comment_sent', { text: time === 2 ? 'x'.repeat(400) : 'y' })
  await client.flush()
  expect(ingest.taken.map((one) => one['seq'])).toEqual([1, 2, 4, 5, 6, 7, 8])
  expect(client.statistics()).toMatchObject({ refused: 1, waiting: 0 })
})

test('an old token is renewed once, and the post is sent again with the new one', async () => {
  const { ingest, respond } = answering(answer(401, { code: 'bad_viewer_token' }))
  const transport = new FakeTransport(respond)
  let asked = 0
  const viewerToken = () => {
    asked += 1
    return { token: tokenOf('member-7') }
  }
  const client = connect({ ...OPTIONS, viewerToken }, transport)
  client.track('followed')
  await vi.advanceTimersByTimeAsync(2_000)
  expect(asked).toBe(2)
  expect(ingest.taken).toMatchObject([{ type: 'followed', viewer: 'member-7' }])
  expect(JSON.parse(transport.asked.at(-1)?.body ?? '')).toMatchObject({ viewerToken: expect.any(String) })
  await vi.advanceTimersByTimeAsync(800_000)
  client.track('followed')
  await client.flush()
  expect(asked).toBe(3) // before it expired
})

test('a token that is never believed is not asked for in a loop', async () => {
  let asked = 0
  const transport = new FakeTransport((one) =>
    isEvents(one) ? answer(401, { code: 'bad_viewer_token' }) : answer(500),
  )
  const viewerToken = () => {
    asked += 1
    return tokenOf('member-7')
  }
  const client = connect({ ...OPTIONS, viewerToken }, transport)
  client.track('followed')
  await vi.advanceTimersByTimeAsync(600_000)
  expect(asked).toBeLessThan(60)
  expect(client.statistics().waiting).toBe(1)
})

test('what somebody else did is never sent in the name of who signs in now', async () => {
  const ingest = new FakeIngest()
  let isOffline = true
  const transport = new FakeTransport((asked) => {
    if (isOffline) throw new Error('no network')
    return ingest.respond(asked)
  })
  let who = 'member-1'
  const problems: Problem[] = []
  const options = { ...OPTIONS, viewerToken: () => tokenOf(who), onProblem: (one: Problem) => problems.push(one) }
  const client = connect(options, transport)
  client.track('followed')
  await vi.advanceTimersByTimeAsync(5_000)
  who = 'member-2'
  client.identityChanged()
  client.track('voice_joined')
  isOffline = false
  await vi.advanceTimersByTimeAsync(200_000)
  expect(ingest.taken).toMatchObject([{ type: 'voice_joined', viewer: 'member-2' }])
  expect(problems).toMatchObject([{ code: 'foreign_viewer', events: 1 }])
})

test('the queue is bounded: the oldest is given up and counted', async () => {
  const ingest = new FakeIngest()
  let isOffline = true
  const transport = new FakeTransport((asked) => {
    if (isOffline) throw new Error('no network')
    return ingest.respond(asked)
  })
  const client = connect(OPTIONS, transport)
  for (let time = 0; time < MOST_EVENTS + 5; time += 1) client.track('followed')
  expect(client.statistics()).toMatchObject({ waiting: MOST_EVENTS, givenUp: 5 })
  isOffline = false
  await vi.advanceTimersByTimeAsync(100_000)
  expect(ingest.taken.map((one) => one['seq'])).toEqual(Array.from({ length: MOST_EVENTS }, (_, n) => n + 6))
})

test('a full storage and none at all break nothing; what was left a day ago is given up', async () => {
  for (const storage of [new FakeStorage(), null]) {
    if (storage !== null) storage.isFull = true
    const { ingest, respond } = answering()
    const client = connect(OPTIONS, new FakeTransport(respond, storage))
    client.track('followed')
    await client.flush()
    expect(ingest.taken).toHaveLength(1)
  }
  const storage = new FakeStorage()
  const offline = new FakeTransport(() => answer(503), storage)
  connect(OPTIONS, offline).track('followed')
  offline.isDead = true
  vi.setSystemTime(Date.now() + 90_000_000)
  const later = connect(OPTIONS, new FakeTransport(() => answer(503), storage))
  expect(later.statistics()).toMatchObject({ waiting: 0, givenUp: 1 })
})

test('what nobody can read in the storage is passed over', () => {
  const storage = new FakeStorage()
  storage.set('qianmian:qmb_12345678:queue:1', '{broken')
  storage.set('qianmian:qmb_12345678:queue:2', '[1, {"owner": "a:x"}, null]')
  storage.set('qianmian:qmb_12345678:seen', '"x"')
  expect(connect(OPTIONS, new FakeTransport(() => answer(503), storage)).statistics().waiting).toBe(0)
})
