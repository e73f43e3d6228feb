import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { request } from '@/api/client'
import { useReading } from '@/api/reading'
import type { CreatedRoomLink, NewRoomLink, PromptPage, RoomLink, RoomLists } from '@/api/types'

export type Answer = 'said' | 'skipped'

const FRESH_MS = 1_000
const LISTS_MS = 15_000
const pathOf = (room: string): string => `/api/rooms/${encodeURIComponent(room)}/prompts`

export function usePrompts(room: string) {
  return useReading(['prompts', room], () => request<PromptPage>('GET', pathOf(room)), FRESH_MS)
}

/** Whoever answers second is told nothing: the card is gone for both. */
export function useAnswer(room: string) {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: ({ id, answer }: { id: string; answer: Answer }) =>
      request<void>('POST', `${pathOf(room)}/${encodeURIComponent(id)}`, { answer }),
    onSettled: () => cache.invalidateQueries({ queryKey: ['prompts', room] }),
  })
}

const listsOf = (room: string): string => `/api/rooms/${encodeURIComponent(room)}/lists`

export function useRoomLists(room: string) {
  return useQuery({
    queryKey: ['room-lists', room],
    queryFn: () => request<RoomLists>('GET', listsOf(room)),
    refetchInterval: LISTS_MS,
  })
}

export function useChooseLists(room: string) {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: (given: Pick<RoomLists, 'is_hot_shown' | 'recommended'>) =>
      request<RoomLists>('PUT', listsOf(room), given),
    onSuccess: (told) => cache.setQueryData(['room-lists', room], told),
  })
}

const linksOf = (room: string): string => `/api/rooms/${encodeURIComponent(room)}/links`

export function useRoomLinks(room: string) {
  return useQuery({
    queryKey: ['room-links', room],
    queryFn: () => request<RoomLink[]>('GET', linksOf(room)),
    refetchInterval: LISTS_MS, // when one was opened
  })
}

export function useCreateLink(room: string) {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: (given: NewRoomLink) => request<CreatedRoomLink>('POST', linksOf(room), given),
    onSuccess: () => cache.invalidateQueries({ queryKey: ['room-links', room] }),
  })
}

export function useRevokeLink(room: string) {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => request<void>('DELETE', `${linksOf(room)}/${encodeURIComponent(id)}`),
    onSettled: () => cache.invalidateQueries({ queryKey: ['room-links', room] }),
  })
}
