/** The channels over which something can be delivered. */
export type ChannelName = 'in_room' | 'host' | 'follow_up' | 'webhook'
export type OutsideName = 'webhook'

/** One of them; `target`: the host that is called. `states`: how many messages wait, and how others ended within a day. */
export interface Channel {
  channel: ChannelName
  is_on: boolean
  target: string
  states: Record<string, number>
}

/** What came of a test; `why` is a code. */
export interface Tested {
  outcome: 'delivered' | 'rejected' | 'later' | 'unknown'
  why: string
}
