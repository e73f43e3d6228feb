import fc from 'fast-check'
import type { RuleGroupType } from 'react-querybuilder'
import { describe, expect, it } from 'vitest'
import type { Tree } from '@/api/types'
import { AGES, OPERATORS, rowsOf, SCOPES, treeOf, type Field } from '@/features/definitions/conditions'
import example from './young-beauty-cart.json'

const event = fc.constantFrom('cart_added', 'product_viewed', 'order_paid')
const within = fc.constantFrom(...SCOPES)
const values: Record<Field, fc.Arbitrary<unknown>> = {
  did: fc.record({ event, times: fc.integer({ min: 1, max: 60 }), within }),
  hour: fc.record(
    {
      event,
      times: fc.integer({ min: 1, max: 60 }),
      within,
      begin: fc.constantFrom('23:00', '09:30'),
      end: fc.constantFrom('02:00', '18:15'),
      zone: fc.constantFrom('Europe/Berlin'),
    },
    { requiredKeys: ['event', 'times', 'within', 'begin', 'end'] },
  ),
  goods: fc
    .record({
      events: fc.uniqueArray(event, { minLength: 1 }),
      times: fc.integer({ min: 1, max: 60 }),
      within,
      categories: fc.uniqueArray(fc.constantFrom('serum', '大衣')),
      least: fc.option(fc.integer({ min: 0, max: 100_000 }).map((minor) => minor / 100)),
      most: fc.option(fc.integer({ min: 0, max: 100_000 }).map((minor) => minor / 100)),
    })
    .filter(({ categories, least, most }) => categories.length > 0 || least !== null || most !== null),
  spent: fc.record({ amount: fc.integer({ min: 1, max: 10_000_000 }).map((minor) => minor / 100), within }),
  since: fc.record({ event, span: fc.constantFrom(...AGES) }),
  tag: fc.constantFrom('sharer', '爱看'),
  number: fc.oneof(
    fc.record({ key: fc.constantFrom('carts', '花费'), value: fc.constantFrom(0, 3, -2, 0.25), isMoney: fc.constant(false) }),
    fc.record({ key: fc.constant('花费'), value: fc.integer({ min: 0, max: 10_000_000 }).map((minor) => minor / 100), isMoney: fc.constant(true) }),
  ),
  segment: fc.constantFrom('vip', '常客'),
  list: fc.constantFrom('vip', '老客'),
  trait: fc.record({ name: fc.constantFrom('gender', 'age'), value: fc.constantFrom('female', '25', '-3', '女', 'true', 'false') }),
}
const row = fc
  .constantFrom(...(Object.keys(values) as Field[]))
  .chain((field) => fc.record({ field: fc.constant(field), operator: fc.constantFrom(...OPERATORS[field]), value: values[field] }))
const group = fc.letrec<{ group: RuleGroupType }>((tie) => ({
  group: fc.record({
    combinator: fc.constantFrom('and', 'or'),
    rules: fc.array(fc.oneof({ depthSize: 'small', maxDepth: 2 }, row, tie('group')), { minLength: 2, maxLength: 3 }),
  }) as fc.Arbitrary<RuleGroupType>,
})).group

describe('conditions', () => {
  it('come back from the tree that they mean', () => {
    fc.assert(
      fc.property(group, (rows) => {
        const tree = treeOf(rows)
        expect(tree && rowsOf(tree)).toEqual(rows)
      }),
    )
  })

  it('are all that the first worked example needs', () => {
    const rows = rowsOf(example as Tree)
    expect(rows?.rules.map((one) => 'field' in one && one.field)).toEqual(['tag', 'tag', 'tag', 'goods', 'goods', 'segment'])
    expect(rows && treeOf(rows)).toEqual(example)
  })

  it('leave to the text what a row would lose', () => {
    const where = (...parts: unknown[]) => ({ op: 'select', types: ['cart_added'], where: { op: 'and', parts } })
    const [least, brand] = [{ op: 'field', name: 'price', cmp: '>=', value: 1 }, { op: 'field', name: 'brand', cmp: '==', value: 'b' }]
    for (const of of [where(least, brand), where(least, least), { ...where(least), same: 'product' }])
      expect(rowsOf({ op: 'count', of, within: 'session', cmp: '>=', value: 1 })).toBeUndefined()
  })

  it('say nothing while they are empty', () => {
    const open = { field: 'tag', operator: 'has', value: '' }
    expect(treeOf({ combinator: 'and', rules: [] })).toBeUndefined()
    expect(treeOf({ combinator: 'or', rules: [open, { combinator: 'and', rules: [open] }] })).toBeUndefined()
    expect(treeOf({ combinator: 'or', rules: [open, { ...open, value: 'a' }] })).toEqual({ op: 'tag', key: 'a' })
  })

  it('compare money in its minor units, and say that it is money', () => {
    const spent = { field: 'number', operator: '>=', value: { key: '花费', value: 500.5, isMoney: true } }
    const tree = { op: 'tag_number', key: '花费', cmp: '>=', value: 50_050, is_money: true }
    expect(treeOf({ combinator: 'and', rules: [spent] })).toEqual(tree)
    expect(treeOf({ combinator: 'and', rules: [{ ...spent, value: { key: '', value: 1, isMoney: false } }] })).toBeUndefined()
  })

  it('leave to the text what they have no row for', () => {
    const viewing = { op: 'viewing', for: '2m' }
    const two = { op: 'count', of: { op: 'select', types: ['liked', 'shared'] }, within: 'visit', cmp: '>=', value: 1 }
    const keyed = { ...two, of: { op: 'select', types: ['liked'] }, same: 'product' }
    const hours = { op: 'hour', begin: '23:00', end: '02:00' }
    const night = { ...two, of: { op: 'select', types: ['liked'], where: { op: 'and', parts: [hours, hours] } } }
    const nights = { ...two, of: { op: 'select', types: ['liked', 'shared'], where: hours } }
    const number = { op: 'tag_number', key: 'carts', cmp: '>=', value: 3, of: { op: 'tag', key: 'carts' } }
    for (const tree of [viewing, two, keyed, night, nights, number, { op: 'and', parts: [viewing, { op: 'tag', key: 'a' }] }]) {
      expect(rowsOf(tree)).toBeUndefined()
    }
  })
})
