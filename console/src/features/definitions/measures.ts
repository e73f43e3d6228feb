/** What a tag measures that is a number, and the tree of the condition language that it means. */
import type { Tree } from '@/api/types'

export const MEASURES = ['count', 'distinct', 'sum', 'trait', 'score'] as const
export type Kind = (typeof MEASURES)[number]

/** Events that have an amount of money. */
export const SUMMED = ['order_paid', 'order_created', 'gift_sent'] as const
/** Events that are about a product. */
export const OF_PRODUCTS = ['product_viewed', 'product_clicked', 'product_favorited', 'cart_added', 'order_paid'] as const
export const THINGS = ['product', 'category'] as const

export interface Measure {
  kind: Kind
  event: string
  /** What is told apart. */
  thing: (typeof THINGS)[number]
  within: string
  /** Of a trait or a score. */
  name: string
}

const EVENTS: Record<Kind, string> = { count: 'cart_added', distinct: 'product_viewed', sum: 'order_paid', trait: '', score: '' }

/** The first thing of a kind that one could measure. */
export const measureOf = (kind: Kind): Measure => ({ kind, event: EVENTS[kind], thing: 'product', within: 'session', name: '' })

/** The tree of a number; undefined while it names nothing yet. */
export function numberTree({ kind, event, thing, within, name }: Measure): Tree | undefined {
  const of = { op: 'select', types: [event] }
  const least = { cmp: '>=', value: 1 } // stands in the tree, and is no comparison
  switch (kind) {
    case 'count':
      return number({ op: 'count', of, within, ...least })
    case 'distinct':
      return number({ op: 'distinct', of, field: thing, within, ...least })
    case 'sum':
      return number({ op: 'sum', of, field: 'amount', within, ...least })
    case 'trait':
      return name ? number({ op: 'trait', name, cmp: '>=', value: 0 }) : undefined
    case 'score':
      return name ? number({ op: 'score', key: name, cmp: '>=', value: 0 }) : undefined
  }
}

const number = (of: Tree): Tree => ({ op: 'number', of })

/** What a tree measures; undefined for another tree, or one that only the text can say. */
export function measured(tree: Tree): Measure | undefined {
  if (tree.op !== 'number') return undefined
  const of = tree.of as Tree
  const kind = MEASURES.find((one) => one === of.op)
  if (!kind) return undefined
  const select = of.of as { types?: string[] } | undefined
  const found = {
    ...measureOf(kind),
    ...(select ? { event: select.types?.length === 1 ? select.types[0] : '', within: of.within } : { name: of.name ?? of.key }),
    ...(kind === 'distinct' ? { thing: of.field } : {}),
  } as Measure
  return same(numberTree(found), tree) ? found : undefined
}

/** Whether two trees say the same, in whatever order their parts stand. */
function same(one: unknown, other: unknown): boolean {
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return one === other
  const [mine, theirs] = [Object.entries(one), other as Record<string, unknown>]
  return mine.length === Object.keys(theirs).length && mine.every(([part, value]) => same(value, theirs[part]))
}
