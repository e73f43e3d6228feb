import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { request } from './client'
import type { Channel, ChannelKind, CouponSystem, OutsideName, Tested } from './types'

/** Channels that need settings of the server. */
export const OUTSIDE: readonly OutsideName[] = ['webhook', 'email', 'bot', 'push']

export function isOutside(name: ChannelKind): name is OutsideName {
  return OUTSIDE.some((one) => one === name)
}

const KEY = ['channels']
const FRESH_MS = 5_000

export function useChannels(isAllowed = true) {
  return useQuery({
    queryKey: KEY,
    queryFn: () => request<Channel[]>('GET', '/api/channels'),
    enabled: isAllowed,
    refetchInterval: FRESH_MS,
  })
}

export function useTest() {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: (channel: OutsideName) => request<Tested>('POST', `/api/channels/${channel}/test`),
    onSettled: () => cache.invalidateQueries({ queryKey: KEY }),
  })
}

/** A channel that was shut is called again. */
export function useOpenChannel() {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: (channel: OutsideName) => request<void>('POST', `/api/channels/${channel}/open`),
    onSettled: () => cache.invalidateQueries({ queryKey: KEY }),
  })
}

/** The coupon system of the shop, which makes the codes of offers that are issued. */
export function useCouponSystem() {
  return useQuery({ queryKey: ['coupon-system'], queryFn: () => request<CouponSystem>('GET', '/api/coupon-system') })
}

export function useTestCoupons() {
  return useMutation({ mutationFn: () => request<Tested>('POST', '/api/coupon-system/test') })
}
