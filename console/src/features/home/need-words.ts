import type { Need, NeedKind } from '@/api/types'
import type { Status } from '@/components/status-dot'

/** Red: it does harm or misleads now. Amber: it waits for a person. */
export const STATUS: Record<NeedKind, Status> = {
  stopped: 'bad',
  harms: 'bad',
  not_as_drawn: 'bad',
  near_harm: 'person',
  cannot_run: 'bad',
  silent: 'bad',
  offer_ends: 'person',
  follow_ups: 'person',
  dead_letters: 'person',
  waiting: 'person',
  next_session: 'unknown',
}

const path = (folder: string, key: string): string => `/${folder}/${encodeURIComponent(key)}`

/** Where one sees why, and can do something about it. */
export function placeOf({ kind, key }: Pick<Need, 'kind' | 'key'>): string {
  switch (kind) {
    case 'stopped':
      return '/strategies'
    case 'harms':
    case 'near_harm':
    case 'not_as_drawn':
      return path('effects', key)
    case 'waiting':
      return '/approvals'
    case 'cannot_run':
      return path('strategies', key)
    case 'silent':
    case 'dead_letters':
      return '/data'
    case 'offer_ends':
      return '/strategies?tab=offers'
    case 'follow_ups':
      return '/follow-ups'
    case 'next_session':
      return path('rooms', key)
  }
}
