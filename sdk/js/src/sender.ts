/**
 * Sends what waits: one post at a time, each of one person and one stream, until it is confirmed.
 *
 * A post whose answer is lost is sent again; the server knows an event again by stream and seq. It
 * remembers the 4 newest streams of a viewer, so that never more than 3 are on their way unconfirmed.
 */

import { backoffMs, retryAfterMs } from './backoff.ts'
import type { Identity, Who } from './identity.ts'
import type { Answer, Asked, Transport } from './ports.ts'
import type { Queue, Waiting } from './queue.ts'

/** Something was refused for good, or lost. */
export interface Problem {
  code: string
  detail: string
  /** How many events. */
  events: number
}

export const FLUSH_AT = 20
export const FLUSH_AFTER_MS = 1_000
const MOST_AT_ONCE = 100
const MOST_BYTES = 50_000 // a browser takes 64 KB from a page that goes
const MOST_STREAMS = 3
const MOST_RENEWALS = 3

export class Sender {
  sent = 0
  refused = 0
  private attempt = 0
  private renewals = 0
  private atOnce = MOST_AT_ONCE
  private notBefore = 0
  private dueAt = Infinity
  private timer: ReturnType<typeof setTimeout> | undefined
  private sending: Promise<void> | null = null
  private known: Who | null = null
  private isClosed = false

  constructor(
    private readonly transport: Transport,
    private readonly queue: Queue,
    private readonly identity: Identity,
    private readonly url: string,
    private readonly onProblem: (problem: Problem) => void,
  ) {}

  /** Something was put into the queue. */
  noted(): void {
    this.wake(this.queue.length >= FLUSH_AT ? 0 : FLUSH_AFTER_MS)
  }

  /** A network is there again: no need to wait out what was waited for without one. */
  hurry(): void {
    this.notBefore = 0
    if (this.queue.length > 0) this.wake(0)
  }

  /** Send now what waits; done when it is confirmed or has to wait. */
  async flush(): Promise<void> {
    do await this.run()
    while (this.queue.length > 0 && this.transport.now() >= this.notBefore && !this.isClosed)
  }

  /** The page goes: everything at once, without waiting. It stays in the queue until confirmed. */
  leave(): void {
    const streams = new Set<string>()
    let rest = this.queue.all() // also what is on its way: a page that goes may take it along
    while (rest.length > 0) {
      const batch = this.firstOf(rest)
      const owner = batch[0]?.owner || (this.known?.owner ?? '')
      const mayBe = owner.startsWith('a:') || owner === this.known?.owner
      streams.add(batch[0]?.event.stream ?? '')
      if (!mayBe || streams.size > MOST_STREAMS) return
      if (!this.transport.beacon(this.post(batch, owner))) return
      rest = rest.slice(batch.length)
    }
  }

  close(): void {
    this.isClosed = true
    clearTimeout(this.timer)
  }

  // -- one post after the other

  private wake(afterMs: number): void {
    if (this.isClosed || this.sending !== null) return
    const now = this.transport.now()
    const dueAt = Math.max(now + afterMs, this.notBefore)
    if (dueAt >= this.dueAt) return
    clearTimeout(this.timer)
    this.dueAt = dueAt
    this.timer = setTimeout(() => void this.run(), dueAt - now)
  }

  private run(): Promise<void> {
    if (this.sending !== null) return this.sending
    clearTimeout(this.timer)
    this.dueAt = Infinity
    const sending = this.one().finally(() => {
      this.sending = null
      if (this.queue.length > 0) this.wake(0)
    })
    this.sending = sending
    return sending
  }

  private async one(): Promise<void> {
    try {
      const who = await this.identity.who()
      this.known = who
      this.queue.claim(who.owner)
      this.giveUpForeign(who)
      const batch = this.firstOf(this.queue.all())
      if (batch.length === 0) return
      const post = this.post(batch, batch[0]?.owner ?? '')
      this.judge(batch, who, await this.transport.request(post))
    } catch {
      this.later(0) // no network, no token
    }
  }

  /** What somebody did who is not here any more: their token is gone, and nobody else may send it. */
  private giveUpForeign(who: Who): void {
    const foreign = this.queue.all().filter((one) => one.owner.startsWith('v:') && one.owner !== who.owner)
    if (foreign.length === 0) return
    this.queue.remove(new Set(foreign))
    this.refuse(foreign.length, 'foreign_viewer', 'somebody else has signed in')
  }

  private firstOf(waiting: readonly Waiting[]): Waiting[] {
    const first = waiting[0]
    const batch: Waiting[] = []
    let bytes = 0
    for (const one of waiting) {
      if (one.owner !== first?.owner || one.event.stream !== first.event.stream) break
      bytes += bytesOf(JSON.stringify(one.event))
      if (batch.length > 0 && (batch.length >= this.atOnce || bytes > MOST_BYTES)) break
      batch.push(one)
    }
    return batch
  }

  private post(batch: readonly Waiting[], owner: string): Asked {
    const isViewer = owner.startsWith('v:')
    const of = isViewer ? { viewer: owner.slice(2) } : { anonymous_id: owner.slice(2) }
    const events = batch.map((one) => ({ ...one.event, ...of }))
    const token = isViewer ? { viewerToken: this.known?.token ?? '' } : {}
    return { url: this.url, body: JSON.stringify({ events, ...token, sent_at: this.transport.now() }) }
  }

  private judge(batch: readonly Waiting[], who: Who, answer: Answer): void {
    const told = read(answer.body)
    const { status } = answer
    const code = String(told['code'] ?? status)
    if (status >= 200 && status < 300 && typeof told['accepted'] === 'number') {
      this.done(batch, told)
    } else if (status === 413 && batch.length > 1) {
      this.atOnce = Math.max(1, batch.length >> 1)
    } else if (code === 'bad_viewer_token' && this.renewals < MOST_RENEWALS) {
      this.renewals += 1
      this.identity.refuse(who)
      if (this.renewals > 1) this.later(0)
    } else if (status < 400 || status === 408 || status === 429 || status >= 500 || code === 'bad_viewer_token') {
      this.renewals = 0
      this.later(retryAfterMs(answer.retryAfter, this.transport.now())) // below 400: somebody else answered
    } else if (Array.isArray(told['rejected'])) {
      this.done(batch, told)
    } else {
      this.queue.remove(new Set(batch))
      this.refuse(batch.length, code, String(told['message'] ?? ''))
    }
  }

  /** The server has it: what it took, and what it will never take. */
  private done(batch: readonly Waiting[], told: Record<string, unknown>): void {
    this.attempt = 0
    this.renewals = 0
    this.notBefore = 0
    this.atOnce = MOST_AT_ONCE
    this.queue.remove(new Set(batch))
    const rejected = Array.isArray(told['rejected']) ? (told['rejected'] as Record<string, unknown>[]) : []
    this.sent += batch.length - rejected.length
    for (const one of rejected) this.refuse(1, String(one['code']), String(one['detail'] ?? ''))
  }

  private refuse(events: number, code: string, detail: string): void {
    this.refused += events
    this.onProblem({ code, detail, events })
  }

  private later(askedMs: number): void {
    const waitMs = backoffMs(this.attempt, this.transport.random(), askedMs)
    this.attempt += 1
    this.notBefore = this.transport.now() + waitMs
  }
}

function read(body: string): Record<string, unknown> {
  try {
    const told: unknown = JSON.parse(body)
    return typeof told === 'object' && told !== null ? (told as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

/** At most; mini-programs have no `TextEncoder`. */
function bytesOf(text: string): number {
  let bytes = text.length
  for (let place = 0; place < text.length; place += 1) if (text.charCodeAt(place) > 0x7f) bytes += 2
  return bytes
}
