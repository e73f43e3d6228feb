// Sends one of each call with Segment's Node client, as it comes: node send.mjs HOST KEY
import { Analytics } from '@segment/analytics-node'

const [host, writeKey] = process.argv.slice(2)
const analytics = new Analytics({ host, writeKey, flushAt: 3, maxRetries: 3 })
const problems = []
analytics.on('error', (error) => problems.push(String(error.reason ?? error)))

const userId = 'node-1'
analytics.identify({ userId, anonymousId: 'anonymous-of-node', traits: { city: '杭州' } })
analytics.track({ userId, event: 'Product Viewed', properties: { product_id: 'p1' } })
analytics.track({
  userId,
  event: 'Order Completed',
  properties: {
    order_id: 'o1',
    total: 12.5,
    currency: 'CNY',
    products: [{ product_id: 'p1', price: 12.5, quantity: 1 }],
  },
})
analytics.page({ userId, name: 'room' })
analytics.screen({ userId, name: 'room' })
await analytics.closeAndFlush({ timeout: 10_000 })
console.log(JSON.stringify({ problems }))
