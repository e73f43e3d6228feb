/** A product as viewers see it. Units: price in minor units; null: not known. */
export interface ListedProduct {
  id: string
  title: string
  link_number: number | null
  price_minor: number | null
  currency: string
}

/** What is chosen for a room, and what viewers see of it now. */
export interface RoomLists {
  is_hot_shown: boolean
  recommended: string[]
  hot: ListedProduct[]
  listed: ListedProduct[]
}

/** How many open pages have it; with none it waits until then, ms UTC. */
export interface ReplySent {
  pages: number
  expires_at: number
}
