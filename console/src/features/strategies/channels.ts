/** The channels that deliver today. */
export const CHANNELS = ['in_room', 'host'] as const
export type Channel = (typeof CHANNELS)[number]
