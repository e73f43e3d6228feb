import { useMutation, useQueryClient } from '@tanstack/react-query'
import { request } from '@/api/client'
import type { EventImport } from '@/api/types'
import type { Sent } from '@/components/table-import'

/** What a table can tell of people. */
export const TABLES = ['members', 'orders', 'links'] as const
export type TableKind = (typeof TABLES)[number]

export function useImportTable(kind: TableKind, namespace: string) {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: ({ file, isTrial }: Sent) => {
      const asked = new URLSearchParams({ dry_run: String(isTrial), namespace })
      return request<EventImport>('POST', `/api/${kind}/import?${asked.toString()}`, file)
    },
    onSuccess: () => cache.invalidateQueries({ queryKey: ['audit'] }),
  })
}
