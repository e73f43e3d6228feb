/** The board of a room, and the messages that bring it. Instants are ms UTC, money is in minor units. */

export interface RoomSummary {
  room: string
  title: string
  session: string
  started_at: number | null
  live: boolean
  online: number
}

export const FUNNEL_STAGES = [
  'room_entered',
  'product_viewed',
  'product_clicked',
  'cart_added',
  'order_created',
  'order_paid',
] as const

export type FunnelStage = (typeof FUNNEL_STAGES)[number]

export interface FunnelStep {
  stage: FunnelStage
  viewers: number
}

export interface TrendPoint {
  at: number
  online: number
  gmv_minor_per_min: number
  orders_per_min: number
}

export interface Presented {
  product: string
  title: string
  from: number
  to: number | null
}

export interface Presenting {
  product: string
  title: string
  link_number: number | null
}

export interface HesitatingRow {
  viewer: string
  /** Null where the reason is about no single product; `category` then says about which kind. */
  product: string | null
  category: string | null
  title: string | null
  /** Key of the moment that put the viewer here. */
  reason: string
  since: number
  at: number
  moments: string[]
}

export interface Hesitating {
  /** All of them; `rows` holds the newest 5,000. */
  count: number
  rows: HesitatingRow[]
}

export interface Doubt {
  product: string | null
  title: string | null
  viewers: number
  latest: { text: string; at: number }[]
  rising: boolean
}

export interface HotProduct {
  product: string
  title: string
  points: number
}

export interface FiringNote {
  id: string
  at: number
  moment: string
  viewer: string | null
  /** Its product or category. */
  about: string | null
}

export interface BoardNumbers {
  title: string
  session: string
  started_at: number | null
  as_of: number
  /** How far the engine is behind the log. */
  lag_ms: number
  online: number
  online_peak: number
  entered: number
  gmv_minor: number
  refunds_minor: number
  currency: string
  orders: number
  orders_per_min: number
  /** Buyers among those who entered, in basis points. */
  conversion_bp: number | null
  /** GMV per thousand viewers who entered. */
  gpm_minor: number | null
  stage: string | null
  presenting: Presenting | null
}

export interface Board extends BoardNumbers {
  room: string
  /** Of the message that brought it. */
  seq: number
  funnel: FunnelStep[]
  trend: TrendPoint[]
  presented: Presented[]
  hesitating: Hesitating
  doubts: Doubt[]
  hot: HotProduct[]
  firings_by_moment: Record<string, number>
  firings: FiringNote[]
}

/** What changed since the message before. */
export interface BoardDelta extends Partial<BoardNumbers> {
  funnel?: FunnelStep[]
  presented?: Presented[]
  doubts?: Doubt[]
  hot?: HotProduct[]
  firings_by_moment?: Record<string, number>
  trend_add?: TrendPoint[]
  firings_add?: FiringNote[]
  hesitating?: {
    count: number
    put: HesitatingRow[]
    drop: [viewer: string, place: string][]
  }
}

export type ServerMessage =
  | { op: 'snapshot'; topic: string; seq: number; data: unknown }
  | { op: 'delta'; topic: string; seq: number; data: unknown }
  | { op: 'error'; topic?: string; code: string; detail: string }
  | { op: 'pong'; at: number }
