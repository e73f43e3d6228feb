import type { Board, Presenting } from '@/api/types'
import type { Say } from '@/lib/language'

/** A product as the trade says it: by its link number where it has one. */
export function productLabel(product: Pick<Presenting, 'title' | 'product' | 'link_number'>, t: Say): string {
  const title = product.title || product.product
  return product.link_number === null ? title : t('board.link', { number: product.link_number, title })
}

/** Titles of the products that the board tells of anywhere. */
export function titlesOf(board: Pick<Board, 'hot' | 'presented' | 'doubts' | 'hesitating'>): Map<string, string> {
  const named = [...board.hesitating.rows, ...board.doubts, ...board.presented, ...board.hot]
  return new Map(named.flatMap(({ product, title }) => (product && title ? [[product, title] as const] : [])))
}
