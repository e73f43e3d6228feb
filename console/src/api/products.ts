import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { request } from './client'
import type { ProductPage } from './types'

const MOST = 20

/** The first products that a search finds. */
export function useProductSearch(search: string) {
  const asked = new URLSearchParams({ search, offset: '0', limit: String(MOST) })
  return useQuery({
    queryKey: ['products', 'search', search],
    queryFn: () => request<ProductPage>('GET', `/api/products?${asked.toString()}`),
    placeholderData: keepPreviousData, // the list stays while the next one comes
  })
}
