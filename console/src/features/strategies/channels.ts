/** The channels that deliver today. */
export const CHANNELS = ['in_room', 'host', 'follow_up'] as const
export type Channel = (typeof CHANNELS)[number]
