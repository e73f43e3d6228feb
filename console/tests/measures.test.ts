import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { measured, measureOf, MEASURES, numberTree, type Measure } from '@/features/definitions/measures'

const counted = fc.record({ event: fc.constantFrom('cart_added', 'order_paid'), within: fc.constantFrom('session', '10m') })
const measures: fc.Arbitrary<Measure> = fc.oneof(
  counted.map((one) => ({ ...measureOf('count'), ...one })),
  counted.map((one) => ({ ...measureOf('sum'), ...one })),
  fc.tuple(counted, fc.constantFrom('product', 'category')).map(([one, thing]) => ({ ...measureOf('distinct'), ...one, thing })),
  fc.constantFrom('trait', 'score').map((kind) => ({ ...measureOf(kind), name: '会员等级' })),
)

describe('what a tag measures', () => {
  it('comes back from the tree that it means', () => {
    fc.assert(
      fc.property(measures, (one) => {
        const tree = numberTree(one)
        expect(tree && measured(tree)).toEqual(one)
      }),
    )
  })

  it('is offered of every kind, and says nothing while it has no name', () => {
    const empty = MEASURES.filter((kind) => numberTree(measureOf(kind)) === undefined)
    expect(empty).toEqual(['trait', 'score'])
  })

  it('is left to the text where more is said than can be chosen', () => {
    const where = { op: 'field', name: 'price', cmp: '>=', value: 1 }
    const of = { op: 'count', of: { op: 'select', types: ['liked'], where }, within: 'session', cmp: '>=', value: 1 }
    const two = { ...of, of: { op: 'select', types: ['liked', 'shared'] } }
    const refunds = { op: 'sum', of: { op: 'select', types: ['order_paid'] }, field: 'price', within: 'session', cmp: '>=', value: 1 }
    for (const one of [of, two, refunds]) expect(measured({ op: 'number', of: one })).toBeUndefined()
    expect(measured({ op: 'tag', key: 'a' })).toBeUndefined()
  })
})
