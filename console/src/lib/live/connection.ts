/**
 * The one WebSocket of a tab: topics inside it, back-off when it breaks, resumed by sequence number.
 *
 * Every topic's messages reach its listener in order and without a hole; after a hole it gets a new
 * snapshot. Nothing here knows what a topic carries.
 */
import type { ServerMessage } from '@/api/types'

export type ConnectionState = 'connecting' | 'open' | 'down'

export interface TopicListener {
  onSnapshot: (seq: number, data: unknown) => void
  onDelta: (seq: number, data: unknown) => void
  onError: (code: string) => void
}

/** What is used of a WebSocket. */
export interface Wire {
  onopen: (() => void) | null
  onclose: (() => void) | null
  onmessage: ((event: { data: unknown }) => void) | null
  send(text: string): void
  close(): void
}

const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 8_000
const PING_MS = 10_000
const SILENCE_MS = 25_000 // two pings without an answer: a half-open connection

interface Topic {
  seq: number | null
  isWaiting: boolean // for a snapshot after a hole: deltas until then are useless
  listener: TopicListener
}

export class Connection {
  state: ConnectionState = 'connecting'
  private wire: Wire | null = null
  private readonly topics = new Map<string, Topic>()
  private readonly watchers = new Set<() => void>()
  private failures = 0
  private heardAt = 0
  private retry: ReturnType<typeof setTimeout> | undefined
  private pulse: ReturnType<typeof setInterval> | undefined

  constructor(
    private readonly open: () => Wire,
    private readonly random: () => number = Math.random,
  ) {}

  start(): void {
    if (this.wire || this.retry !== undefined) return
    this.connect()
    this.pulse = setInterval(() => this.beat(), PING_MS)
  }

  stop(): void {
    clearTimeout(this.retry)
    clearInterval(this.pulse)
    this.retry = undefined
    const wire = this.wire
    this.wire = null
    if (wire) {
      wire.onclose = null
      wire.close()
    }
    this.change('connecting')
  }

  /** Skips the rest of a pause: the person asked, or the network came back. */
  retryNow(): void {
    if (this.retry === undefined) return
    clearTimeout(this.retry)
    this.connect()
  }

  watch = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher)
    return () => this.watchers.delete(watcher)
  }

  subscribe(name: string, listener: TopicListener): () => void {
    const topic: Topic = { seq: null, isWaiting: false, listener }
    this.topics.set(name, topic)
    this.ask(name, topic)
    return () => {
      if (this.topics.get(name) !== topic) return
      this.topics.delete(name)
      this.send({ op: 'unsubscribe', topic: name })
    }
  }

  private connect(): void {
    this.retry = undefined
    const wire = this.open()
    this.wire = wire
    wire.onopen = () => {
      this.failures = 0
      this.heardAt = Date.now()
      this.change('open')
      for (const [name, topic] of this.topics) this.ask(name, topic)
    }
    wire.onmessage = (event) => this.receive(String(event.data))
    wire.onclose = () => this.lost(wire)
  }

  private lost(wire: Wire): void {
    if (this.wire !== wire) return
    this.wire = null
    wire.onopen = wire.onclose = wire.onmessage = null
    this.change('down')
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.failures)
    this.failures += 1
    // Half of the pause is chance, so that a hundred tabs do not come back in one instant.
    this.retry = setTimeout(() => this.connect(), pause * (0.5 + this.random() / 2))
  }

  private beat(): void {
    if (this.state !== 'open' || !this.wire) return
    if (Date.now() - this.heardAt > SILENCE_MS) {
      const wire = this.wire
      wire.close()
      this.lost(wire) // a dead network may never report the close
    } else {
      this.send({ op: 'ping' })
    }
  }

  private receive(text: string): void {
    this.heardAt = Date.now()
    const message = JSON.parse(text) as ServerMessage
    if (message.op === 'pong') return
    const topic = message.topic === undefined ? undefined : this.topics.get(message.topic)
    if (!topic) return
    if (message.op === 'error') {
      topic.listener.onError(message.code)
    } else if (message.op === 'snapshot') {
      topic.seq = message.seq
      topic.isWaiting = false
      topic.listener.onSnapshot(message.seq, message.data)
    } else if (!topic.isWaiting && topic.seq !== null && message.seq > topic.seq) {
      if (message.seq === topic.seq + 1) {
        topic.seq = message.seq
        topic.listener.onDelta(message.seq, message.data)
      } else {
        topic.seq = null
        topic.isWaiting = true
        this.ask(message.topic, topic)
      }
    }
  }

  private ask(name: string, topic: Topic): void {
    this.send({ op: 'subscribe', topic: name, after: topic.seq })
  }

  private send(message: object): void {
    if (this.state === 'open') this.wire?.send(JSON.stringify(message))
  }

  private change(state: ConnectionState): void {
    if (state === this.state) return
    this.state = state
    for (const watcher of this.watchers) watcher()
  }
}
