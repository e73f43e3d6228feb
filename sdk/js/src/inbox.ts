/**
 * Which messages are shown: each id once, and none after its time by the server's clock.
 *
 * Ids are kept over restarts: a reload shows nothing a second time.
 */

import type { Memory } from './memory.ts'

/** The offer on a card. Units: amount_minor in minor units of the currency; valid_until in ms UTC, 0 for none. */
export interface Offer {
  key: string
  title: string
  amount_minor: number
  currency: string
  code: string | null
  rules_url: string
  valid_until: number
}

/** A product of a list. Units: price_minor in minor units of the currency; null for not known. */
export interface Product {
  id: string
  title: string
  link_number: number | null
  price_minor: number | null
  currency: string
}

/** What the server wants shown; `products` are of a list, the first one first. Units: ms UTC. */
export interface Message {
  id: string
  room: string
  viewer: string | null
  kind: 'card' | 'notice' | 'assistant' | 'hot_list' | 'recommended'
  at: number
  expires_at: number
  title: string
  body: string
  offer: Offer | null
  action_label: string
  action_url: string
  is_ad: boolean
  why: string
  products: Product[]
}

/** Whether it says how something is: only the newest of its kind holds, and a page that is loaded anew shows it again. */
export function isList(message: Message): boolean {
  return message.kind === 'hot_list' || message.kind === 'recommended'
}

const SEEN = 'seen'
export const MOST_SEEN = 64

export class Inbox {
  private aheadMs = 0
  private readonly seen: Set<string>

  constructor(
    private readonly memory: Memory,
    private readonly clock: () => number,
  ) {
    this.seen = new Set(this.kept())
  }

  /** The server's clock, ms UTC. */
  now(): number {
    return this.clock() + this.aheadMs
  }

  /** What the server said that it is now. */
  setNow(now: number): void {
    this.aheadMs = now - this.clock()
  }

  /** The ids that were shown, the newest last. */
  last(): string[] {
    return [...this.seen].slice(-MOST_SEEN)
  }

  /** Whether to show it; it counts as shown from then on. */
  takes(message: Message): boolean {
    if (message.expires_at <= this.now()) return false
    if (isList(message)) return true
    if (this.seen.has(message.id)) return false
    this.seen.add(message.id)
    // Other tabs write there, too.
    const all = [...new Set([...this.kept(), ...this.seen])]
    this.memory.set(SEEN, JSON.stringify(all.slice(-MOST_SEEN)))
    return true
  }

  private kept(): string[] {
    return this.memory.list(SEEN).filter((one): one is string => typeof one === 'string')
  }
}

/** The message in a frame; null for what is none. */
export function messageOf(frame: Record<string, unknown>): Message | null {
  const { id, room, expires_at, title } = frame
  const isOne =
    typeof id === 'string' && typeof room === 'string' && typeof expires_at === 'number' && typeof title === 'string'
  return isOne ? (frame as unknown as Message) : null
}
