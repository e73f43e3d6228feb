/** What the compiler must refuse; `npm run types` fails where it does not. */

import { expect, test } from 'vitest'
import type { BrowserEvents, Client } from '../src/index.ts'

export function refused(client: Client): void {
  client.track('followed')
  client.track('product_viewed', { product: 'p1', price: 12_900, properties: { from: 'list' } })
  client.track('order_created', { order_id: 'o1', items: [{ product: 'p1', quantity: 2 }] })
  // @ts-expect-error a product is required
  client.track('product_viewed')
  // @ts-expect-error a product is required
  client.track('product_viewed', { price: 1 })
  // @ts-expect-error there is no such event
  client.track('product_seen', { product: 'p1' })
  // @ts-expect-error money is a number of minor units
  client.track('product_viewed', { product: 'p1', price: '129.00' })
  // @ts-expect-error a page cannot tell receipts
  client.track('message_opened', { delivery_id: 'd1' })
}

test('a page may not send what only a server may', () => {
  type Allowed = 'session_started' extends keyof BrowserEvents ? false : true
  const isKept: Allowed = true
  expect(isKept).toBe(true)
})
