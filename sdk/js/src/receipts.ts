/**
 * What became of messages, and that somebody wants no more of them. A line may break with both, so
 * both are said again with the next one: the server counts each receipt once.
 */

import type { Message } from './inbox.ts'
import type { Memory } from './memory.ts'

export type Receipt = 'delivered' | 'opened' | 'clicked' | 'dismissed'

/** What goes to the server; `state` is left out where somebody opts out. */
export interface Said {
  type: 'ack' | 'opt_out'
  id: string
  state?: Receipt
}

const ACKED_AFTER_MS = 300_000 // the server knows a message for five minutes longer
const MOST_ACKS = 32 // a line takes 120 frames a minute
const OPT_OUT = 'opt-out'

interface Ack {
  owner: string
  said: Said
  until: number
}

export class Receipts {
  private acks: Ack[] = []

  constructor(private readonly memory: Memory) {}

  /** What to say now about a message. */
  note(owner: string, message: Message, state: Receipt): Said {
    const said: Said = { type: 'ack', id: message.id, state }
    const ack = { owner, said, until: message.expires_at + ACKED_AFTER_MS }
    this.acks = [...this.acks.slice(-MOST_ACKS + 1), ack]
    return said
  }

  /** Kept over restarts until the server has confirmed it. */
  optOut(owner: string, messageId: string): void {
    this.memory.set(OPT_OUT, JSON.stringify([owner, messageId]))
  }

  optedOut(): void {
    this.memory.remove(OPT_OUT)
  }

  /** What to say on a new line of this person. */
  due(owner: string, now: number): Said[] {
    this.acks = this.acks.filter((one) => one.until > now)
    const acks = this.acks.filter((one) => one.owner === owner).map((one) => one.said)
    return [...acks, ...this.optOutOf(owner)]
  }

  optOutOf(owner: string): Said[] {
    const [whose, id] = this.memory.list(OPT_OUT)
    return (whose === owner || whose === '') && typeof id === 'string' ? [{ type: 'opt_out', id }] : []
  }
}
