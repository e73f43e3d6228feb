import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { request } from './client'
import type { Consents } from './types'

export const personPath = (viewer: string): string => `/api/persons/${encodeURIComponent(viewer)}`

export const consentsKey = (viewer: string): string[] => ['consents', viewer]

/** What a person agreed to; asked by the desk of requests and by the drawer of a viewer. */
export const useConsents = (viewer: string) =>
  useQuery({
    queryKey: consentsKey(viewer),
    queryFn: () => request<Consents>('GET', `${personPath(viewer)}/consents`),
  })

/** A tag that the person does not want; it stays away. */
export function useTakeTagAway(viewer: string) {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: (tag: string) =>
      request<Consents>('DELETE', `${personPath(viewer)}/tags/${encodeURIComponent(tag)}`),
    onSuccess: (told) => {
      cache.setQueryData(consentsKey(viewer), told)
      return cache.invalidateQueries({ queryKey: ['viewer'] })
    },
  })
}
