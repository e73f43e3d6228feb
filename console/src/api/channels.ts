import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { request } from './client'
import type { Channel, Tested } from './types'

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
    mutationFn: () => request<Tested>('POST', '/api/channels/webhook/test'),
    onSettled: () => cache.invalidateQueries({ queryKey: KEY }),
  })
}
