import { useQuery } from '@tanstack/react-query'
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
