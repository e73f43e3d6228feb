import { useQuery } from '@tanstack/react-query'
import { useCallback } from 'react'
import { useLanguage } from '@/lib/language'
import { request } from './client'
import type { Meta, Moment } from './types'

const FALLBACK: Pick<Meta, 'zone' | 'currency'> = { zone: 'Asia/Shanghai', currency: 'CNY' }

export function useMeta() {
  return useQuery({
    queryKey: ['meta'],
    queryFn: () => request<Meta>('GET', '/api/meta'),
    staleTime: 60_000, // definitions change while the page is open
  })
}

/** The shop's zone and currency, before and after they are known. */
export function useShop(): Pick<Meta, 'zone' | 'currency'> {
  return useMeta().data ?? FALLBACK
}

/** Looks up a moment by its key; an unknown one keeps its key as its name. */
export function useMoments(): {
  named: (key: string) => string
  moment: (key: string) => Moment | undefined
} {
  const moments = useMeta().data?.moments
  const { words } = useLanguage()
  const moment = useCallback((key: string) => moments?.find((one) => one.key === key), [moments])
  const named = useCallback(
    (key: string) => {
      const names = moment(key)?.names
      return names ? words(names) : key
    },
    [moment, words],
  )
  return { named, moment }
}
