/** Conditions about goods of some categories or of a band of prices, and the tree that they mean. */
import type { Tree } from '@/api/types'

export interface Goods {
  /** Any of these counts. */
  events: string[]
  times: number
  within: string
  /** Any of these; none: whatever the category. */
  categories: string[]
  /** Major units of the shop's currency, both included; null: no bound. */
  least: number | null
  most: number | null
}

const MINOR = 100

/** What the events of a row are about; undefined while it names neither a category nor a price. */
export function goodsSelect({ events, categories, least, most }: Goods): Tree | undefined {
  const parts = [
    ...(categories.length > 0 ? [field('category', 'in', categories)] : []),
    ...(least === null ? [] : [field('price', '>=', Math.round(least * MINOR))]),
    ...(most === null ? [] : [field('price', '<=', Math.round(most * MINOR))]),
  ]
  const where = parts.length > 1 ? { op: 'and', parts } : parts[0]
  return where && events.length > 0 ? { op: 'select', types: events, where } : undefined
}

const field = (name: string, cmp: string, value: unknown): Tree => ({ op: 'field', name, cmp, value })

type Chosen = Omit<Goods, 'times' | 'within'>

/** What a selection says of goods; undefined for one that says something else. */
export function goodsOf(select: Tree): Chosen | undefined {
  const { types, where } = select as Tree & { types?: string[]; where?: Tree }
  if (!types || !where) return undefined
  const found: Chosen = { events: types, categories: [], least: null, most: null }
  const said = new Set<string>()
  for (const part of where.op === 'and' ? (where.parts as Tree[]) : [where]) {
    const what = noted(found, part)
    if (what === undefined || said.has(what)) return undefined
    said.add(what)
  }
  return found
}

/** Write what a part says; which one it is, undefined for none that a row has. */
function noted(found: Chosen, { op, name, cmp, value }: Tree): string | undefined {
  if (op !== 'field') return undefined
  if (name === 'category' && cmp === 'in') found.categories = value as string[]
  else if (name === 'category' && cmp === '==') found.categories = [value as string]
  else if (name === 'price' && cmp === '>=') found.least = Number(value) / MINOR
  else if (name === 'price' && cmp === '<=') found.most = Number(value) / MINOR
  else return undefined
  return name === 'price' ? String(cmp) : 'category'
}
