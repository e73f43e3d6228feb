import { useQuery } from '@tanstack/react-query'
import { request } from '@/api/client'
import type { Home, RoomSummary } from '@/api/types'

const FRESH_MS = 30_000 // each asks history about every strategy
const ROOMS_MS = 5_000

/** What needs somebody now. Below 'strategies': a step of a strategy asks anew. */
export function useHome() {
  return useQuery({
    queryKey: ['strategies', 'home'],
    queryFn: () => request<Home>('GET', '/api/home'),
    refetchInterval: FRESH_MS,
  })
}

export function useRooms() {
  return useQuery({
    queryKey: ['rooms'],
    queryFn: () => request<RoomSummary[]>('GET', '/api/rooms'),
    refetchInterval: ROOMS_MS,
  })
}
