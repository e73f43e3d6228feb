import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { request } from '@/api/client'
import type { DeadLetters, Replayed } from '@/api/types'

const KEY = ['dead-letters']
const PAGE = 50

export function useDeadLetters() {
  return useInfiniteQuery({
    queryKey: KEY,
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) => {
      const before = pageParam === null ? '' : `&before=${encodeURIComponent(pageParam)}`
      return request<DeadLetters>('GET', `/api/dead-letters?limit=${PAGE}${before}`)
    },
    getNextPageParam: (page) => page.next,
  })
}

const path = (id: string): string => `/api/dead-letters/${encodeURIComponent(id)}`

export function useReplay() {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => request<Replayed>('POST', `${path(id)}/replay`),
    onSettled: () => Promise.all([KEY, ['health']].map((queryKey) => cache.invalidateQueries({ queryKey }))),
  })
}

export function useDiscard() {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => request<void>('DELETE', path(id)),
    onSettled: () => Promise.all([KEY, ['health']].map((queryKey) => cache.invalidateQueries({ queryKey }))),
  })
}
