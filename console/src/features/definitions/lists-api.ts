import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { request } from '@/api/client'
import type { ListImport, ViewerList } from '@/api/types'
import type { Sent } from '@/components/table-import'

const KEY = ['lists']

const pathOf = (key: string): string => `/api/lists/${encodeURIComponent(key)}`

export const membersPath = (key: string, locale: string): string => `${pathOf(key)}/members.csv?locale=${locale}`

/** Every list that the shop uploaded. */
export function useLists() {
  return useQuery({ queryKey: KEY, queryFn: () => request<ViewerList[]>('GET', '/api/lists') })
}

export function useImportList(key: string, title: string) {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: ({ file, isTrial }: Sent) => {
      const asked = new URLSearchParams({ title, dry_run: String(isTrial) })
      return request<ListImport>('POST', `${pathOf(key)}/import?${asked.toString()}`, file)
    },
    onSuccess: () => cache.invalidateQueries({ queryKey: KEY }),
  })
}

export function useDeleteList() {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: (key: string) => request('DELETE', pathOf(key)),
    onSuccess: () => cache.invalidateQueries({ queryKey: KEY }),
  })
}
