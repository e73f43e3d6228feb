/** The law of messages: none is shown twice, none after its time, and none is missed. */

import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { connect } from '../src/index.ts'
import type { Client } from '../src/client.ts'
import { FakeStorage, FakeTransport, OPTIONS, tokenOf } from './fakes.ts'
import { FakeHub, messageOf, quiet } from './hub.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: 1_800_000_000_000 })
})
afterEach(() => {
  vi.useRealTimers()
})

type Step =
  | { does: 'publish'; lastsMs: number }
  | { does: 'again' }
  | { does: 'wait'; ms: number }
  | { does: 'drop'; code: number }
  | { does: 'down' | 'up' | 'reload' | 'online' }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ does: fc.constant('publish' as const), lastsMs: fc.integer({ min: 1, max: 120_000 }) }) },
  { weight: 1, arbitrary: fc.constant({ does: 'again' as const }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 90_000 }) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('drop' as const), code: fc.constantFrom(1006, 4401, 4408, 4503) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constantFrom('down' as const, 'up' as const, 'reload' as const, 'online' as const) }) },
)

test('each message is shown once, in time, however often the line breaks', async () => {
  let many = 0
  const run = async (steps: Step[], aheadMs: number) => {
    vi.setSystemTime(1_800_000_000_000)
    const hub = new FakeHub()
    hub.aheadMs = aheadMs
    const storage = new FakeStorage()
    const shown: string[] = []
    let transport = new FakeTransport(quiet, storage)
    let client: Client | undefined
    let sockets = 0
    const start = () => {
      transport = new FakeTransport(quiet, storage)
      client = connect(
        {
          ...OPTIONS,
          room: 'r1',
          viewerToken: () => tokenOf('member-7'),
          onMessage: ({ message, now }) => {
            expect(now()).toBe(hub.now())
            expect(message.expires_at).toBeGreaterThan(hub.now())
            shown.push(message.id)
          },
        },
        transport,
      )
    }
    /** Time passes in small steps, and whoever knocks meanwhile is let in. */
    const pass = async (ms: number) => {
      for (let left = ms; left >= 0; left -= 500) {
        await vi.advanceTimersByTimeAsync(Math.min(500, Math.max(left, 0)))
        hub.admitAll(transport)
      }
    }
    start()
    await pass(0)
    for (const one of steps) {
      const line = transport.lines[transport.lines.length - 1]
      if (one.does === 'publish') {
        const message = messageOf(`m${hub.kept.length}`, { expires_at: hub.now() + one.lastsMs })
        hub.publish(message, line)
      } else if (one.does === 'again' && line) {
        for (const old of hub.kept) hub.say(line, { type: 'message', ...old }) // also what has expired
      } else if (one.does === 'wait') await pass(one.ms)
      else if (one.does === 'drop') line?.heard.onClose(one.code)
      else if (one.does === 'online') transport.watcher?.onOnline()
      else if (one.does === 'reload') {
        sockets += transport.lines.length
        transport.isDead = true
        client?.close()
        start()
      } else hub.isUp = one.does === 'up'
    }
    hub.isUp = true
    const lasting = messageOf('last', { expires_at: hub.now() + 600_000 })
    hub.publish(lasting, transport.lines[transport.lines.length - 1])
    await pass(200_000)
    expect(shown).toContain('last')
    expect(new Set(shown).size).toBe(shown.length)
    if (shown.length > 2 && sockets + transport.lines.length > 2) many += 1
    client?.close()
    vi.clearAllTimers()
  }
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 24 }), fc.constantFrom(-3_600_000, 0, 86_400_000), run),
    { numRuns: 100, seed: 1 },
  )
  expect(many).toBeGreaterThan(20) // else nothing was tested
})
