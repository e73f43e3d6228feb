/** The channels over which something can be delivered. */
export type ChannelName = 'in_room' | 'host' | 'follow_up' | 'webhook' | 'email' | 'bot' | 'push'
export type OutsideName = 'webhook' | 'email' | 'bot' | 'push'

/** One of them; `target`: the host that is called. `states`: how many messages wait, and how others ended within a day. */
export interface Channel {
  channel: ChannelName
  is_on: boolean
  target: string
  states: Record<string, number>
  /** since when nobody is at its address, ms UTC; null: it is not shut */
  shut_at: number | null
}

/** What came of a test; `why` is a code. */
export interface Tested {
  outcome: 'delivered' | 'rejected' | 'later' | 'unknown'
  why: string
}

/** The shop's coupon system; `states`: acts that ask for a code, and how others ended. */
export interface CouponSystem {
  is_on: boolean
  target: string
  states: Record<string, number>
}
