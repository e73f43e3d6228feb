/** The line: who it says it is, when it comes back, the way round, receipts and the opt-out. */

import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { connect, type LineState } from '../src/index.ts'
import type { Shown } from '../src/cards.ts'
import type { Heard } from '../src/ports.ts'
import { answer, FakeStorage, FakeTransport, OPTIONS, tokenOf } from './fakes.ts'
import { FakeHub, frames, messageOf, quiet } from './hub.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: 1_800_000_000_000 })
})
afterEach(() => {
  vi.useRealTimers()
})

async function opened(more: Record<string, unknown> = {}, storage = new FakeStorage()) {
  const hub = new FakeHub()
  const transport = new FakeTransport(quiet, storage)
  const shown: Shown[] = []
  const states: [LineState, number][] = []
  const client = connect(
    {
      ...OPTIONS,
      room: 'r1',
      onMessage: (one) => shown.push(one),
      onState: (state, code) => states.push([state, code]),
      ...more,
    },
    transport,
  )
  await vi.advanceTimersByTimeAsync(10)
  hub.admitAll(transport)
  return { hub, transport, client, shown, states }
}

test('the first frame says who and where; nothing of it is in the address', async () => {
  const { transport } = await opened()
  expect(transport.line.url).toBe('wss://live.example/live')
  expect(frames(transport.line)).toEqual([
    { type: 'hello', v: 1, room: 'r1', last: [], anonymous_id: 'qa1.of-this-server' },
  ])
})

test.each([4403, 4404, 4429])('after %i it does not come back by itself', async (code) => {
  const { transport, states } = await opened()
  transport.line.heard.onClose(code)
  await vi.advanceTimersByTimeAsync(3_600_000)
  transport.watcher?.onOnline()
  await vi.advanceTimersByTimeAsync(3_600_000)
  expect(transport.lines).toHaveLength(1)
  expect(states.at(-1)).toEqual(['refused', code])
})

test('after 4401 it comes back with another token, or with another anonymous id', async () => {
  let asked = 0
  const viewerToken = () => {
    asked += 1
    return tokenOf(`member-7`)
  }
  const known = await opened({ viewerToken })
  known.transport.line.heard.onClose(4401)
  await vi.advanceTimersByTimeAsync(2_000)
  expect([asked, known.transport.lines.length]).toEqual([2, 2])
  const unknown = await opened()
  unknown.transport.line.heard.onClose(4401)
  await vi.advanceTimersByTimeAsync(2_000)
  const issued = unknown.transport.asked.filter((one) => one.url.includes('/v1/anonymous'))
  expect(issued).toHaveLength(2)
})

test('a token is renewed on the open line before it expires', async () => {
  const { transport } = await opened({ viewerToken: () => tokenOf('member-7') })
  await vi.advanceTimersByTimeAsync(720_000 - 20_000)
  expect(frames(transport.line).map((one) => one['type'])).toEqual(['hello'])
  await vi.advanceTimersByTimeAsync(40_000)
  expect(frames(transport.line).map((one) => one['type'])).toEqual(['hello', 'token'])
  expect(transport.lines).toHaveLength(1)
})

test('receipts are said once each, and again on the next line, until nobody knows the message', async () => {
  const { hub, transport, shown } = await opened()
  hub.publish(messageOf('m1'), transport.line)
  shown[0]?.opened()
  shown[0]?.opened()
  shown[0]?.dismissed()
  const acks = () => frames(transport.line).filter((one) => one['type'] === 'ack').map((one) => one['state'])
  expect(acks()).toEqual(['delivered', 'opened', 'dismissed'])
  transport.line.heard.onClose(1006)
  await vi.advanceTimersByTimeAsync(2_000)
  hub.admitAll(transport)
  expect(acks()).toEqual(['delivered', 'opened', 'dismissed'])
  expect(frames(transport.line)[0]).toMatchObject({ last: ['m1'] })
  await vi.advanceTimersByTimeAsync(400_000)
  transport.line.heard.onClose(1006)
  await vi.advanceTimersByTimeAsync(60_000)
  hub.admitAll(transport)
  expect(acks()).toEqual([])
})

test('who opts out is not forgotten: it is said until the server has it, also after a reload', async () => {
  const storage = new FakeStorage()
  const viewerToken = () => tokenOf('member-7')
  const first = await opened({ viewerToken }, storage)
  first.client.optOut('m1')
  expect(frames(first.transport.line).at(-1)).toEqual({ type: 'opt_out', id: 'm1' })
  first.client.close()
  let done = 0
  const second = await opened({ viewerToken, onOptedOut: () => (done += 1) }, storage)
  expect(frames(second.transport.line).at(-1)).toEqual({ type: 'opt_out', id: 'm1' })
  second.hub.say(second.transport.line, { type: 'opted_out' })
  expect(done).toBe(1)
  second.client.close()
  const third = await opened({ viewerToken }, storage)
  expect(frames(third.transport.line).map((one) => one['type'])).toEqual(['hello'])
  const other = await opened({ viewerToken: () => tokenOf('member-8') }, storage)
  expect(frames(other.transport.line).map((one) => one['type'])).toEqual(['hello'])
})

test('a list has no receipts, and a page that is loaded anew is given it again', async () => {
  const storage = new FakeStorage()
  const list = messageOf('hot_list-1', { kind: 'hot_list', viewer: null })
  for (const first of [true, false]) {
    const { hub, transport, shown, client } = await opened({}, storage)
    hub.publish(list, transport.line)
    expect(shown.map((one) => one.message.id), String(first)).toEqual(['hot_list-1'])
    expect(frames(transport.line).map((one) => one['type'])).toEqual(['hello'])
    client.close()
  }
})

test('what is withdrawn is hidden, what is not of this room is not shown, and what is new is passed over', async () => {
  const hidden: string[] = []
  const { hub, transport, shown } = await opened({ onWithdrawn: (id: string) => hidden.push(id) })
  hub.publish(messageOf('m1', { room: 'r2' }), transport.line)
  hub.say(transport.line, { type: 'of a later version' })
  transport.line.heard.onFrame('{broken')
  hub.say(transport.line, { type: 'message', id: 5 })
  hub.say(transport.line, { type: 'withdrawn', id: 'm2' })
  expect([shown, hidden]).toEqual([[], ['m2']])
})

test('where no socket gets through it takes a stream, whose ticket holds no token', async () => {
  const { transport, shown, client } = await opened({ viewerToken: () => tokenOf('member-7') })
  const streams: { url: string; heard: Heard }[] = []
  transport.stream = (url, heard) => {
    streams.push({ url, heard })
    return { send: () => undefined, close: () => undefined }
  }
  transport.respond = (asked) =>
    asked.url.endsWith('/live/ticket') ? answer(200, { ticket: 'once+' }) : answer(200, { success: true, accepted: 1 })
  transport.line.heard.onClose(1006)
  for (let time = 0; time < 2; time += 1) {
    await vi.advanceTimersByTimeAsync(5_000)
    transport.line.heard.onClose(1006) // never welcomed
  }
  await vi.advanceTimersByTimeAsync(10_000)
  expect(streams.map((one) => one.url)).toEqual(['https://live.example/live/stream?ticket=once%2B'])
  streams[0]?.heard.onFrame(JSON.stringify({ type: 'welcome', now: Date.now() }))
  streams[0]?.heard.onFrame(JSON.stringify({ type: 'message', ...messageOf('m1') }))
  shown[0]?.clicked()
  client.optOut('m1')
  await vi.advanceTimersByTimeAsync(10)
  const said = transport.asked.filter((one) => one.url.endsWith('/live/ack')).map((one) => JSON.parse(one.body))
  expect(said.map((one) => one.state)).toEqual(['delivered', 'clicked', 'opt_out'])
  expect(said[0]).toMatchObject({ token: expect.any(String), room: 'r1', id: 'm1' })
  streams[0]?.heard.onFrame('{"type":"closed","reason":"expired"}')
  await vi.advanceTimersByTimeAsync(60_000)
  expect(streams.length).toBeGreaterThan(1) // a stream that was good is taken again
})

test('a ticket that is refused for good ends it', async () => {
  const { transport, states } = await opened()
  transport.stream = () => ({ send: () => undefined, close: () => undefined })
  transport.respond = () => answer(403, { code: 'foreign_origin' })
  transport.line.heard.onClose(1006)
  for (let time = 0; time < 2; time += 1) {
    await vi.advanceTimersByTimeAsync(5_000)
    transport.line.heard.onClose(1006)
  }
  await vi.advanceTimersByTimeAsync(60_000)
  expect(states.at(-1)).toEqual(['refused', 4403])
})

test('a line that is never welcomed is given up after ten seconds', async () => {
  const transport = new FakeTransport(quiet)
  connect({ ...OPTIONS, room: 'r1' }, transport)
  await vi.advanceTimersByTimeAsync(9_000)
  expect(transport.lines).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(3_000)
  expect(transport.lines).toHaveLength(2)
})
