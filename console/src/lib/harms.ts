import type { Harm, Tolerance } from '@/api/types'

const HARMS: readonly (keyof Tolerance)[] = ['missed', 'left', 'dismissed', 'refunded', 'unsubscribed']

/** The key of the words of a harm. */
export const harmOf = (name: string): keyof Tolerance => HARMS.find((one) => one === name) ?? 'missed'

/** What is tolerated, in points of a hundred. */
export const boundOf = ({ tolerated }: Harm): string => String(Math.round(10_000 * tolerated) / 100)
