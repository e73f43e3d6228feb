/**
 * Events that the server has not confirmed, in the order in which they happened.
 *
 * Kept under the name of their stream, so that two tabs do not write over each other. Whoever starts
 * takes over what earlier starts left; if their tab still lives, both send it, and the server counts
 * an event once by its stream and its place in it.
 */

import type { Memory } from './memory.ts'

/** An event as it is sent, without who it is of. Units: event_time in ms UTC. */
export interface PageEvent {
  type: string
  stream: string
  seq: number
  event_time: number
  [field: string]: unknown
}

/** `owner` "" is whoever the client turns out to speak for. */
export interface Waiting {
  owner: string
  event: PageEvent
}

export const MOST_EVENTS = 1_000
export const MOST_AGE_MS = 86_400_000
const NAME = 'queue:'

export class Queue {
  /** Events that were lost because too many waited, or waited too long. */
  givenUp = 0
  private waiting: Waiting[]

  constructor(
    private readonly memory: Memory,
    private readonly stream: string,
    now: number,
  ) {
    const earlier = memory.names(NAME)
    const read = earlier.flatMap((name) => memory.list(name).filter(isWaiting))
    const young = read.filter((one) => one.event.event_time > now - MOST_AGE_MS)
    this.givenUp = read.length - young.length
    // By stream, not by event: within one the order is that of its numbers.
    const firstAt = new Map<string, number>()
    for (const { event } of young) {
      firstAt.set(event.stream, Math.min(event.event_time, firstAt.get(event.stream) ?? Infinity))
    }
    const begun = (one: Waiting) => firstAt.get(one.event.stream) ?? 0
    this.waiting = young.sort(
      (a, b) =>
        begun(a) - begun(b) || a.event.stream.localeCompare(b.event.stream) || a.event.seq - b.event.seq,
    )
    if (earlier.length === 0) return
    this.save()
    for (const name of earlier) if (name !== NAME + stream) memory.remove(name)
  }

  get length(): number {
    return this.waiting.length
  }

  all(): readonly Waiting[] {
    return this.waiting
  }

  add(one: Waiting): void {
    this.waiting.push(one)
    this.save()
  }

  /** These are confirmed, or nobody will ever take them. */
  remove(done: ReadonlySet<Waiting>): void {
    this.waiting = this.waiting.filter((one) => !done.has(one))
    this.save()
  }

  /** What belonged to nobody yet belongs to them. */
  claim(owner: string): void {
    const unclaimed = this.waiting.filter((one) => one.owner === '')
    for (const one of unclaimed) one.owner = owner
    if (unclaimed.length > 0) this.save()
  }

  private save(): void {
    const more = this.waiting.length - MOST_EVENTS
    if (more > 0) {
      this.waiting.splice(0, more)
      this.givenUp += more
    }
    const name = NAME + this.stream
    if (this.waiting.length === 0) this.memory.remove(name)
    else this.memory.set(name, JSON.stringify(this.waiting))
  }
}

function isWaiting(read: unknown): read is Waiting {
  if (typeof read !== 'object' || read === null) return false
  const { owner, event } = read as Partial<Waiting>
  return (
    typeof owner === 'string' &&
    typeof event?.type === 'string' &&
    typeof event.stream === 'string' &&
    typeof event.seq === 'number' &&
    typeof event.event_time === 'number'
  )
}
