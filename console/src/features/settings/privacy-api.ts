import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { request } from '@/api/client'
import { consentsKey, personPath } from '@/api/persons'
import type { ConsentGiven, Consents, Erasure, ErasureGiven, Privacy } from '@/api/types'

const ERASURES = ['erasures']
const LOOK_MS = 1_000

export const usePrivacy = () =>
  useQuery({ queryKey: ['privacy'], queryFn: () => request<Privacy>('GET', '/api/privacy') })

/** The requests; looked at again while one is not done. */
export const useErasures = () =>
  useQuery({
    queryKey: ERASURES,
    queryFn: () => request<Erasure[]>('GET', '/api/persons/erasures'),
    refetchInterval: ({ state }) => (state.data?.some((one) => one.done_at === null) ? LOOK_MS : false),
  })

export function useErase() {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: (given: ErasureGiven) => request<Erasure>('POST', '/api/persons/erasures', given),
    onSuccess: () => cache.invalidateQueries({ queryKey: ERASURES }),
  })
}

export function useSay(viewer: string) {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: (given: ConsentGiven) => request<Consents>('POST', `${personPath(viewer)}/consents`, given),
    onSuccess: (told) => cache.setQueryData(consentsKey(viewer), told),
  })
}

/** Everything about a person, as a file of the browser. */
export function useExport() {
  return useMutation({
    mutationFn: async (viewer: string) => {
      const told = await request<unknown>('GET', `${personPath(viewer)}/export`)
      const file = new Blob([JSON.stringify(told, null, 2)], { type: 'application/json' })
      const link = document.createElement('a')
      link.href = URL.createObjectURL(file)
      link.download = 'person.json'
      link.click()
      URL.revokeObjectURL(link.href)
    },
  })
}
