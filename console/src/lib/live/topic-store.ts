/** The newest state of a topic, as React reads it: one immutable value per message. */
import type { Connection } from './connection'

export interface TopicState<T> {
  data: T | null
  /** When the last message came, by this tab's own monotonic clock; 0 before the first. */
  heardAt: number
  /** Code of a refusal ("unknown_room"), else null. */
  problem: string | null
}

export class TopicStore<T> {
  private state: TopicState<T> = { data: null, heardAt: 0, problem: null }
  private readonly watchers = new Set<() => void>()
  private leave: (() => void) | null = null

  constructor(
    private readonly connection: Connection,
    private readonly topic: string,
    private readonly fromSnapshot: (seq: number, data: unknown) => T,
    private readonly fromDelta: (before: T, seq: number, delta: unknown) => T,
  ) {}

  current = (): TopicState<T> => this.state

  watch = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher)
    this.leave ??= this.connection.subscribe(this.topic, {
      onSnapshot: (seq, data) => this.heard(this.fromSnapshot(seq, data)),
      onDelta: (seq, delta) => {
        if (this.state.data !== null) this.heard(this.fromDelta(this.state.data, seq, delta))
      },
      onError: (code) => this.change({ ...this.state, problem: code }),
    })
    return () => {
      this.watchers.delete(watcher)
      if (this.watchers.size > 0) return
      this.leave?.()
      this.leave = null
    }
  }

  private heard(data: T): void {
    this.change({ data, heardAt: performance.now(), problem: null })
  }

  private change(state: TopicState<T>): void {
    this.state = state
    for (const watcher of this.watchers) watcher()
  }
}
