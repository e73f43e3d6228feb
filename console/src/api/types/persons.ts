/** What people agreed to, and what they may ask for. Instants are ms UTC. */
import type { Words } from './words'

/** Something a person says; marketing without a channel is the person's switch. */
export interface ConsentGiven {
  purpose: 'personalized_marketing' | 'share'
  channel: '' | 'in_room' | 'push' | 'sms' | 'wechat' | 'email' | 'phone'
  granted: boolean
  text_version: string
  evidence: string
}

/** A change, with what proves it. */
export interface ConsentChange {
  purpose: string
  channel: string
  granted: boolean
  event_time: number
  source: string
  text_version: string
  evidence: string
}

/** What a person agreed to: the switch, over which channel one may write, and every change. */
export interface Consents {
  personalized: boolean
  channels: Record<string, boolean>
  share: boolean
  /** Keys of the tags that the person took away. */
  withheld_tags: string[]
  changes: ConsentChange[]
}

/** What holds for everybody; `retention` in days by class of data, 0 is for ever. */
export interface Privacy {
  minors: 'exclude' | 'strict' | 'off'
  retention: Record<string, number>
  refused: Words[]
}

/** A person is to be erased; `confirm` is the id once more, typed. */
export interface ErasureGiven {
  viewer: string
  confirm: string
  reason: string
}

/** How far an erasure is: `step` is a store, `asked` or `done`; `report` counts places by store. */
export interface Erasure {
  id: string
  mark: string
  asked_at: number
  asked_by: string
  reason: string
  step: string
  done_at: number | null
  report: Record<string, number> | null
}
