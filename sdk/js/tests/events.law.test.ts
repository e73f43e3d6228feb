/** The law of events: each reaches the server exactly once, in order, whatever happens on the way. */

import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { connect } from '../src/index.ts'
import type { Client } from '../src/client.ts'
import { answer, FakeIngest, FakeStorage, FakeTransport, isEvents, OPTIONS, type Respond } from './fakes.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: 1_800_000_000_000 })
})
afterEach(() => {
  vi.useRealTimers()
})

const TROUBLES = ['none', 'offline', 'lost answer', '500', '503', '429', 'portal', 'never'] as const
type Trouble = (typeof TROUBLES)[number]

type Step =
  | { does: 'track'; times: number }
  | { does: 'wait'; ms: number }
  | { does: 'turn'; trouble: Trouble }
  | { does: 'restart'; how: 'killed' | 'left' }
  | { does: 'online' }

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ does: fc.constant('track' as const), times: fc.integer({ min: 1, max: 30 }) }),
  fc.record({ does: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 90_000 }) }),
  fc.record({ does: fc.constant('turn' as const), trouble: fc.constantFrom(...TROUBLES) }),
  fc.record({ does: fc.constant('restart' as const), how: fc.constantFrom('killed' as const, 'left' as const) }),
  fc.constant({ does: 'online' as const }),
)

/** A shop in which pages come and go before a server that may be in trouble. */
class World {
  readonly ingest = new FakeIngest()
  readonly storage = new FakeStorage()
  trouble: Trouble = 'none'
  tracked = 0
  private transport!: FakeTransport
  private client!: Client

  constructor() {
    this.start()
  }

  private start(): void {
    this.transport = new FakeTransport(this.respond, this.storage, (asked) => {
      if (this.trouble !== 'offline') this.ingest.take(asked)
    })
    this.client = connect(OPTIONS, this.transport)
  }

  private readonly respond: Respond = (asked) => {
    if (!isEvents(asked)) return this.ingest.respond(asked)
    switch (this.trouble) {
      case 'none':
        return this.ingest.take(asked)
      case 'offline':
        throw new Error('no network')
      case 'lost answer':
        this.ingest.take(asked)
        throw new Error('the answer was lost')
      case 'portal':
        return answer(200, '<html>Sign in to the Wi-Fi</html>')
      case 'never':
        this.ingest.take(asked)
        return new Promise((_, lost) => setTimeout(lost, 20_000))
      default:
        return answer(Number(this.trouble), { code: 'overloaded' }, '7')
    }
  }

  async does(one: Step): Promise<void> {
    if (one.does === 'track') {
      for (let time = 0; time < one.times; time += 1) {
        this.tracked += 1
        this.client.track('liked', { quantity: this.tracked })
      }
    } else if (one.does === 'wait') await vi.advanceTimersByTimeAsync(one.ms)
    else if (one.does === 'turn') this.trouble = one.trouble
    else if (one.does === 'online') this.transport.watcher?.onOnline()
    else {
      if (one.how === 'left') this.transport.watcher?.onGone()
      this.transport.isDead = true
      await vi.advanceTimersByTimeAsync(1) // no two starts in one millisecond
      this.start()
    }
  }

  get numbers(): unknown[] {
    return this.ingest.taken.map((one) => one['quantity'])
  }

  get waiting(): number {
    return this.client.statistics().waiting
  }
}

test('every event reaches the server once and in order', async () => {
  let troubled = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
      vi.setSystemTime(1_800_000_000_000)
      const world = new World()
      for (const one of steps) await world.does(one)
      if (world.waiting > 0) troubled += 1
      world.trouble = 'none'
      await vi.advanceTimersByTimeAsync(400_000)
      expect(world.waiting).toBe(0)
      expect(world.numbers).toEqual(Array.from({ length: world.tracked }, (_, place) => place + 1))
      vi.clearAllTimers()
    }),
    { numRuns: 150, seed: 1 },
  )
  expect(troubled).toBeGreaterThan(20) // else nothing was tested
})

const visit = fc.record({
  times: fc.integer({ min: 1, max: 3 }),
  how: fc.constantFrom('killed' as const, 'left' as const),
  ms: fc.constantFrom(0, 1_500, 5_000),
})

test('many visits whose answers are all lost count nothing twice', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(visit, { minLength: 5, maxLength: 9 }), async (visits) => {
      vi.setSystemTime(1_800_000_000_000)
      const world = new World()
      await world.does({ does: 'track', times: 1 })
      await vi.advanceTimersByTimeAsync(2_000) // from now on it is known who it is
      world.trouble = 'lost answer'
      for (const { times, how, ms } of visits) {
        await world.does({ does: 'track', times })
        await world.does({ does: 'wait', ms })
        await world.does({ does: 'restart', how })
      }
      world.trouble = 'none'
      await vi.advanceTimersByTimeAsync(400_000)
      expect(world.numbers).toEqual(Array.from({ length: world.tracked }, (_, place) => place + 1))
      vi.clearAllTimers()
    }),
    { numRuns: 100, seed: 1 },
  )
})
