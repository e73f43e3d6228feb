import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { request } from '@/api/client'
import type { Channel, Tested } from '@/api/types'

const KEY = ['channels']
const FRESH_MS = 5_000

export function useChannels() {
  return useQuery({
    queryKey: KEY,
    queryFn: () => request<Channel[]>('GET', '/api/channels'),
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
