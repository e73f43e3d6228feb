import { useQuery } from '@tanstack/react-query'
import { useCallback } from 'react'
import { useLanguage, useTexts } from '@/lib/language'
import { request } from './client'
import type { Meta, Moment } from './types'

type Shop = Pick<Meta, 'zone' | 'currency' | 'lateness_ms'>

const FALLBACK: Shop = { zone: 'Asia/Shanghai', currency: 'CNY', lateness_ms: 5_000 }

export function useMeta() {
  return useQuery({
    queryKey: ['meta'],
    queryFn: () => request<Meta>('GET', '/api/meta'),
    staleTime: 60_000, // definitions change while the page is open
  })
}

/** The shop's zone, currency and lateness, before and after they are known. */
export function useShop(): Shop {
  return useMeta().data ?? FALLBACK
}

/** Looks up a moment by its key; an unknown one keeps its key as its name, none is the clock. */
export function useMoments(): {
  named: (key: string) => string
  moment: (key: string) => Moment | undefined
} {
  const moments = useMeta().data?.moments
  const { words } = useLanguage()
  const { t } = useTexts()
  const moment = useCallback((key: string) => moments?.find((one) => one.key === key), [moments])
  const named = useCallback(
    (key: string) => {
      const names = moment(key)?.names
      return names ? words(names) : key || t('app.by_the_clock')
    },
    [moment, t, words],
  )
  return { named, moment }
}

/** "cart_added" as people say it; an unknown type keeps its name. */
export function useEventName(): (type: string) => string {
  const events = useMeta().data?.events
  const { words } = useLanguage()
  return useCallback(
    (type: string) => {
      const names = events?.[type]
      return names ? words(names) : type
    },
    [events, words],
  )
}
