/** What a page knows of the installation, and how a problem comes. */
import type { Words } from './words'

export interface Moment {
  key: string
  scope: 'viewer' | 'room'
  names: Words
  meaning: Words
  sentence: Words
  /** In the condition language. */
  text: string
}

export interface Meta {
  version: string
  zone: string
  currency: string
  /** What arrives later than this is history only. */
  lateness_ms: number
  moments: Moment[]
  /** Names of the event types. */
  events: Record<string, Words>
}

export interface Problem {
  code?: string
  title?: string
  detail?: string
  params?: Record<string, unknown>
  /** The detail in both languages, where it is a problem of the condition language. */
  said?: Words
}
