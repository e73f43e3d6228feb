/** A place to run in, and a server, without any network: both obey the test. Time is vitest's. */

import type { Answer, Asked, Heard, Line, Storage, Transport, Watcher } from '../src/ports.ts'

export const OPTIONS = { url: 'https://live.example', key: 'qmb_12345678_rest' }

export class FakeStorage implements Storage {
  readonly kept = new Map<string, string>()
  isFull = false
  get(name: string): string | null {
    return this.kept.get(name) ?? null
  }
  set(name: string, value: string): void {
    if (this.isFull) throw new Error('QuotaExceededError')
    this.kept.set(name, value)
  }
  remove(name: string): void {
    this.kept.delete(name)
  }
  names(): string[] {
    return [...this.kept.keys()]
  }
}

export interface FakeLine {
  url: string
  heard: Heard
  said: string[]
  isOpen: boolean
}

/** What answers a request: an answer, or null for one that never comes. */
export type Respond = (asked: Asked) => Answer | Promise<Answer>

let streams = 0

export class FakeTransport implements Transport {
  readonly asked: Asked[] = []
  readonly beacons: Asked[] = []
  readonly lines: FakeLine[] = []
  watcher: Watcher | null = null
  isInFront = true
  /** A process that was killed: nothing leaves it, and it hears nothing. */
  isDead = false
  takesBeacons = true
  stream: Transport['stream'] = null

  constructor(
    public respond: Respond,
    readonly storage: Storage | null = new FakeStorage(),
    private readonly onBeacon: (asked: Asked) => void = () => undefined,
  ) {}

  async request(asked: Asked): Promise<Answer> {
    if (this.isDead) return new Promise(() => undefined)
    this.asked.push(asked)
    const answer = await this.respond(asked)
    return this.isDead ? new Promise(() => undefined) : answer
  }

  beacon(asked: Asked): boolean {
    if (this.isDead || !this.takesBeacons) return false
    this.beacons.push(asked)
    this.onBeacon(asked)
    return true
  }

  socket(url: string, heard: Heard): Line {
    const line: FakeLine = { url, heard, said: [], isOpen: false }
    this.lines.push(line)
    return {
      send: (text) => {
        if (line.isOpen) line.said.push(text)
      },
      close: () => {
        line.isOpen = false
      },
    }
  }

  watch(watcher: Watcher): () => void {
    this.watcher = watcher
    return () => {
      this.watcher = null
    }
  }

  isVisible(): boolean {
    return this.isInFront
  }

  now(): number {
    return Date.now()
  }

  random(): number {
    return 0.5
  }

  newStream(): string {
    streams += 1
    return streams.toString(16).padStart(16, '0')
  }

  /** Of the posts of events, what was sent. */
  get batches(): Record<string, unknown>[][] {
    return this.asked.filter(isEvents).map((one) => eventsOf(one))
  }

  /** The newest line. */
  get line(): FakeLine {
    const line = this.lines[this.lines.length - 1]
    if (line === undefined) throw new Error('no line was opened')
    return line
  }
}

export function isEvents(asked: Asked): boolean {
  return asked.url.includes('/v1/events')
}

export function eventsOf(asked: Asked): Record<string, unknown>[] {
  return (JSON.parse(asked.body) as { events: Record<string, unknown>[] }).events
}

export function answer(status: number, body: unknown = {}, retryAfter: string | null = null): Answer {
  return { status, body: typeof body === 'string' ? body : JSON.stringify(body), retryAfter }
}

/** Takes events as the real one does: each once, by the 4 newest streams of whoever it is of. */
export class FakeIngest {
  readonly taken: Record<string, unknown>[] = []
  private readonly streams = new Map<string, Map<string, Set<number>>>()

  take(asked: Asked): Answer {
    const events = eventsOf(asked)
    for (const event of events) {
      const owner = String(event['viewer'] ?? event['anonymous_id'])
      const mine = this.streams.get(owner) ?? new Map<string, Set<number>>()
      this.streams.set(owner, mine)
      const stream = String(event['stream'])
      const known = mine.get(stream) ?? new Set<number>()
      if (known.size === 0) mine.set(stream, known)
      if (mine.size > 4) mine.delete([...mine.keys()][0] ?? '')
      const seq = Number(event['seq'])
      if (!known.has(seq)) this.taken.push(event)
      known.add(seq)
    }
    return answer(200, { success: true, accepted: events.length, rejected: [] })
  }

  /** A server that is well. */
  readonly respond: Respond = (asked) =>
    isEvents(asked) ? this.take(asked) : answer(200, { anonymous_id: 'qa1.of-this-server' })
}

/** A token as the server makes it; nobody checks it here. */
export function tokenOf(viewer: string, livesMs = 900_000): string {
  const iat = Math.floor(Date.now() / 1_000)
  const claims = { aud: 'qianmian-viewer', viewer, iat, exp: iat + livesMs / 1_000 }
  return `head.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.sign`
}
