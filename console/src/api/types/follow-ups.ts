import type { Words } from './words'

/** A viewer whom customer service should write to; `holder`: the name of who has it. Instants are ms UTC. */
export interface FollowUp {
  id: string
  viewer: string
  room: string
  at: number
  deadline_at: number
  strategy: string
  names: Words
  moment: string
  product: string | null
  link_number: number | null
  title: string
  body: string
  offer: string | null
  /** minor units of the shop's currency */
  value_minor: number
  holder: string
}

/** What one person can do, the most urgent first; `waiting`: how many are open in all. */
export interface FollowUpPage {
  now: number
  most: number
  mine: FollowUp[]
  open: FollowUp[]
  taken: FollowUp[]
  waiting: number
}
