/**
 * Rows of the builder and the tree of the condition language that they mean.
 *
 * The builder knows the conditions that people use most; what else a definition says is edited as
 * text. Everything is checked by the server, which knows the language.
 */
import type { RuleGroupType, RuleType } from 'react-querybuilder'
import type { Tree } from '@/api/types'
import { goodsOf, goodsSelect, type Goods } from './goods'

export const FIELDS = ['did', 'goods', 'hour', 'spent', 'since', 'tag', 'number', 'segment', 'list', 'trait'] as const
export type Field = (typeof FIELDS)[number]

export const OPERATORS: Record<Field, readonly string[]> = {
  did: ['did', 'did_not'],
  goods: ['did', 'did_not'],
  hour: ['did', 'did_not'],
  spent: ['>=', '<'],
  since: ['>', '<'],
  tag: ['has', 'has_not'],
  number: ['>=', '>', '<=', '<', '==', '!='],
  segment: ['has', 'has_not'],
  list: ['has', 'has_not'],
  trait: ['==', '!=', '>=', '<='],
}

export const SCOPES = ['session', 'visit', '5m', '10m', '30m', '1h', '7d', '30d', '90d'] as const
export const AGES = ['1m', '5m', '30m', '1d', '7d', '30d', '90d'] as const

export interface Did {
  event: string
  times: number
  within: string
}
/** Done at a time of day, from one time on and before the other, which may be of the next day. */
export interface DidAt extends Did {
  begin: string
  end: string
  /** Of the clock; without it that of the shop. */
  zone?: string
}
export interface Spent {
  /** Major units of the shop's currency. */
  amount: number
  within: string
}
export interface Since {
  event: string
  span: string
}
export interface TraitValue {
  name: string
  value: string
}

/** A tag that is a number, compared; of money in major units of the shop's currency. */
export interface TagNumber {
  key: string
  value: number
  isMoney: boolean
}

export const DEFAULTS: Record<Field, unknown> = {
  did: { event: 'cart_added', times: 1, within: 'session' } satisfies Did,
  goods: {
    ...{ events: ['product_viewed', 'product_clicked', 'cart_added'], times: 1, within: 'session' },
    ...{ categories: [], least: null, most: null },
  } satisfies Goods,
  hour: { event: 'product_viewed', times: 3, within: '30d', begin: '23:00', end: '05:00' } satisfies DidAt,
  spent: { amount: 200, within: 'session' } satisfies Spent,
  since: { event: 'order_paid', span: '30d' } satisfies Since,
  tag: '',
  number: { key: '', value: 1, isMoney: false } satisfies TagNumber,
  segment: '',
  list: '',
  trait: { name: 'gender', value: '' } satisfies TraitValue,
}

const MINOR = 100

/** The conditions that only name something, and their operators. */
const NAMING = { tag: 'tag', segment: 'in_segment', list: 'in_list' } as const
type Naming = keyof typeof NAMING
const namingOf = (op: unknown): Naming | undefined => (Object.keys(NAMING) as Naming[]).find((one) => NAMING[one] === op)

export const nothing = (): RuleGroupType => ({ combinator: 'and', rules: [] })

// -- rows to tree

/** The tree of a group; undefined while no row of it says anything yet. */
export function treeOf(group: RuleGroupType): Tree | undefined {
  const parts = group.rules
    .map((one) => (isGroup(one) ? treeOf(one) : rowTree(one)))
    .filter((one): one is Tree => one !== undefined)
  const whole = parts.length > 1 ? { op: group.combinator, parts } : parts[0]
  return group.not && whole ? { op: 'not', part: whole } : whole
}

function rowTree({ field, operator, value }: RuleType): Tree | undefined {
  switch (field as Field) {
    case 'did': {
      const { event, times, within } = value as Did
      return denied(operator === 'did_not', counted(selected(event), within, times))
    }
    case 'goods': {
      const goods = value as Goods
      const select = goodsSelect(goods)
      return select && denied(operator === 'did_not', counted(select, goods.within, goods.times))
    }
    case 'hour': {
      const { event, times, within, begin, end, zone } = value as DidAt
      const where = { op: 'hour', begin, end, ...(zone === undefined ? {} : { zone }) }
      return denied(operator === 'did_not', counted({ ...selected(event), where }, within, times))
    }
    case 'spent': {
      const { amount, within } = value as Spent
      const of = selected('order_paid')
      return { op: 'sum', of, field: 'amount', within, cmp: operator, value: Math.round(amount * MINOR) }
    }
    case 'since': {
      const { event, span } = value as Since
      return { op: 'time_since', of: selected(event), cmp: operator, value: span }
    }
    case 'tag':
    case 'segment':
    case 'list':
      return value ? denied(operator === 'has_not', { op: NAMING[field as Naming], key: value as string }) : undefined
    case 'number': {
      const { key, value: number, isMoney } = value as TagNumber
      const compared = { op: 'tag_number', key, cmp: operator, value: isMoney ? Math.round(number * MINOR) : number }
      return key ? (isMoney ? { ...compared, is_money: true } : compared) : undefined
    }
    case 'trait': {
      const { name, value: told } = value as TraitValue
      return name && told !== '' ? { op: 'trait', name, cmp: operator, value: scalar(told) } : undefined
    }
  }
}

const selected = (event: string): Tree => ({ op: 'select', types: [event] })
const counted = (of: Tree, within: string, times: number): Tree => ({ op: 'count', of, within, cmp: '>=', value: times })
const denied = (isDenied: boolean, part: Tree): Tree => (isDenied ? { op: 'not', part } : part)
const YES_NO: Record<string, boolean | undefined> = { true: true, false: false }
const scalar = (told: string): string | number | boolean => YES_NO[told] ?? (/^-?\d{1,15}$/.test(told) ? Number(told) : told)

// -- tree to rows

/** The rows that say what a tree says; undefined where the builder has no rows for it. */
export function rowsOf(tree: Tree): RuleGroupType | undefined {
  const whole = groupOf(tree)
  if (whole) return whole
  const row = rowOf(tree)
  return row && { combinator: 'and', rules: [row] }
}

function groupOf(tree: Tree): RuleGroupType | undefined {
  if (tree.op !== 'and' && tree.op !== 'or') return undefined
  const rules = (tree.parts as Tree[]).map((part) => groupOf(part) ?? rowOf(part))
  return rules.every((one) => one !== undefined) ? { combinator: tree.op, rules } : undefined
}

function rowOf(tree: Tree): RuleType | undefined {
  if (tree.op !== 'not') return plainRow(tree)
  const inner = plainRow(tree.part as Tree)
  const no = inner && NEGATED[inner.operator]
  return no === undefined ? undefined : { ...inner, operator: no } as RuleType
}

const NEGATED: Record<string, string | undefined> = { did: 'did_not', has: 'has_not' }

function plainRow(tree: Tree): RuleType | undefined {
  const event = onlyEvent(tree.of as Tree | undefined)
  const { cmp, value } = tree as { cmp?: string; value?: unknown }
  const within = tree.within as string
  const naming = namingOf(tree.op)
  if (naming) return { field: naming, operator: 'has', value: tree.key }
  switch (tree.op) {
    case 'trait':
      if (!OPERATORS.trait.includes(cmp ?? '') || Array.isArray(value)) return undefined
      if (scalar(String(value)) !== value) return undefined // digits that are a name, a number with a fraction
      return { field: 'trait', operator: cmp ?? '', value: { name: tree.name, value: String(value) } }
    case 'tag_number': {
      if (!OPERATORS.number.includes(cmp ?? '') || !has(tree, 'key', 'cmp', 'value', 'is_money')) return undefined
      const isMoney = tree.is_money === true
      return { field: 'number', operator: cmp ?? '', value: { key: tree.key, value: Number(value) / (isMoney ? MINOR : 1), isMoney } }
    }
    case 'time_since':
      if (!event || !OPERATORS.since.includes(cmp ?? '')) return undefined
      return { field: 'since', operator: cmp ?? '', value: { event, span: value } }
    case 'count': {
      if (cmp !== '>=' || !has(tree, 'of', 'within', 'cmp', 'value')) return undefined
      const hours = hoursOf(tree.of as Tree)
      if (hours) return { field: 'hour', operator: 'did', value: { ...hours, times: value, within } }
      if (event) return { field: 'did', operator: 'did', value: { event, times: value, within } }
      const goods = has(tree.of as Tree, 'types', 'where') ? goodsOf(tree.of as Tree) : undefined
      return goods && { field: 'goods', operator: 'did', value: { ...goods, times: value, within } }
    }
    case 'sum':
      if (event !== 'order_paid' || tree.field !== 'amount' || !OPERATORS.spent.includes(cmp ?? '')) return undefined
      if (!has(tree, 'of', 'field', 'within', 'cmp', 'value')) return undefined
      return { field: 'spent', operator: cmp ?? '', value: { amount: Number(value) / MINOR, within } }
    default:
      return undefined
  }
}

/** The one event type of a selection without conditions. */
function onlyEvent(select: Tree | undefined): string | undefined {
  if (!select || !has(select, 'types')) return undefined
  const types = select.types as string[]
  return types.length === 1 ? types[0] : undefined
}

/** The event and the times of a selection that says nothing but between which times of the day. */
function hoursOf(select: Tree): { event: string; begin: string; end: string; zone?: string } | undefined {
  const { types, where } = select as { types?: string[]; where?: Tree }
  const event = types?.length === 1 ? types[0] : undefined
  if (!event || !where || where.op !== 'hour' || !has(select, 'types', 'where')) return undefined
  const { begin, end, zone } = where as Tree & { begin: string; end: string; zone?: string }
  return { event, begin, end, ...(zone === undefined ? {} : { zone }) }
}

/** Whether a node says nothing but these parts. */
const has = (tree: Tree, ...parts: string[]): boolean =>
  Object.keys(tree).every((part) => part === 'op' || parts.includes(part))

const isGroup = (one: RuleGroupType | RuleType): one is RuleGroupType => 'rules' in one
