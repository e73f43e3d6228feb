/** Links to one room: of its host, and of what its stream shows. Instants are ms UTC. */

export type LinkKind = 'host' | 'overlay'

export interface RoomLink {
  id: string
  kind: LinkKind
  created_at: number
  created_by: string
  expires_at: number
  opened_at: number | null
}

export interface NewRoomLink {
  kind: LinkKind
  hours?: number
}

export interface CreatedRoomLink {
  link: RoomLink
  /** Shown once; stands behind the # of `/h` or `/overlay`. */
  secret: string
}

/** What the page of a link may do where; `csrf` goes with each of its writes. */
export interface OpenedLink {
  kind: LinkKind
  room: string
  expires_at: number
  csrf: string
}

/** A card for everybody; `valid_until` (0: no end is told) is of its offer. */
export interface OverlayCard {
  id: string
  title: string
  body: string
  offer: string
  is_ad: boolean
  expires_at: number
  valid_until: number
}

/** Units: price in minor units; null: not known. */
export interface OverlayProduct {
  title: string
  link_number: number | null
  price_minor: number | null
  currency: string
}

/** Everything that the stream of a room may show now, the newest card first. */
export interface Overlay {
  now: number
  cards: OverlayCard[]
  hot: OverlayProduct[]
  recommended: OverlayProduct[]
}
