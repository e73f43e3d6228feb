import type { OfferInUse } from '@/api/types'

/** Where the codes of an offer come from: it has none, a table that was uploaded, the coupon system of the shop. */
export const KINDS = ['none', 'table', 'issued'] as const
export type CodeKind = (typeof KINDS)[number]

export function kindOf(one: OfferInUse | null): CodeKind {
  if (one?.offer.is_issued) return 'issued'
  return one && one.codes !== null ? 'table' : 'none'
}
