import { useCallback } from 'react'
import { useMoments } from '@/api/meta'
import type { Schedule, Strategy } from '@/api/types'
import { duration } from '@/lib/format'
import { useTexts } from '@/lib/language'

/** What starts a strategy: a moment, or one of the ways of a schedule. */
export const STARTS = ['moment', 'after_ms', 'every_ms', 'daily', 'before_ms'] as const
export type Start = (typeof STARTS)[number]

export const startOf = (schedule: Schedule | null | undefined): Start =>
  STARTS.find((one) => one !== 'moment' && schedule?.[one] != null) ?? 'moment'

/** What starts it, in a few words. */
export function useStarts(): (strategy: Partial<Strategy> | undefined) => string {
  const { t } = useTexts()
  const { named } = useMoments()
  return useCallback(
    (strategy) => {
      const start = startOf(strategy?.schedule)
      if (start === 'moment') return named(strategy?.moment ?? '')
      if (start === 'daily') return t('strategies.starts.daily', { at: strategy?.schedule?.daily ?? '' })
      return t(`strategies.starts.${start}`, { after: duration(strategy?.schedule?.[start] ?? 0) })
    },
    [named, t],
  )
}
