/** The default card: what it says, where it leads, and how it goes. */

import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Cards, type Shown } from '../src/cards.ts'
import type { Message } from '../src/inbox.ts'
import { safeLink } from '../src/links.ts'
import { messageOf } from './hub.ts'

let inSight: (share: number) => void = () => undefined

class FakeObserver {
  constructor(heard: (entries: { intersectionRatio: number }[]) => void) {
    inSight = (share) => {
      heard([{ intersectionRatio: share }])
    }
  }
  observe(): void {}
  disconnect(): void {
    inSight = () => undefined
  }
}

beforeEach(() => {
  vi.useFakeTimers({ now: 1_800_000_000_000 })
  vi.stubGlobal('IntersectionObserver', FakeObserver)
  document.body.replaceChildren()
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

const OFFER = {
  key: 'ten_off',
  title: '立减十元',
  amount_minor: 1_000,
  currency: 'CNY',
  code: 'LIVE10',
  rules_url: '/rules/ten_off',
  valid_until: new Date(2027, 0, 15, 23, 30).getTime(),
}

function shown(fields: Partial<Message> = {}, locale = 'zh-CN') {
  const said: string[] = []
  const cards = new Cards(locale, document.body)
  const one: Shown = {
    message: messageOf('m1', { body: '只在今晚', offer: OFFER, why: '您刚问过价格', ...fields }),
    now: () => Date.now(),
    opened: () => said.push('opened'),
    clicked: () => said.push('clicked'),
    dismissed: () => said.push('dismissed'),
    optOut: () => said.push('opt_out'),
  }
  cards.show(one)
  const tree = document.body.firstElementChild?.shadowRoot
  if (!tree) throw new Error('no shadow tree')
  return { cards, said, tree, one, text: () => tree.querySelector('section')?.textContent ?? '' }
}

test('it says all that it must: the ad, the offer, the time left, the reason, the way out', () => {
  const { tree, text } = shown()
  for (const part of ['广告', 'title m1', '只在今晚', '立减十元', '10.00', 'LIVE10', '有效至 1/15 23:30', '还剩 1:00', '您刚问过价格']) {
    expect(text()).toContain(part)
  }
  expect(tree.querySelector('.out')?.textContent).toBe('不再收到个性化推荐')
  const host = document.body.firstElementChild
  expect([host?.getAttribute('aria-live'), host?.getAttribute('role')]).toEqual(['polite', 'region'])
  expect(tree.querySelector('.close')?.getAttribute('aria-label')).toBe('关闭')
  expect(tree.querySelector('[role=timer]')?.getAttribute('aria-live')).toBe('off')
})

test('in English, without what it has not; yen have no cents; what is for all has no way out', () => {
  const offer = { ...OFFER, code: null, rules_url: '', currency: 'JPY', valid_until: 0 }
  const { tree, text } = shown({ is_ad: false, offer, why: '', viewer: null }, 'en-US')
  expect(text()).toContain('¥1,000')
  expect(text()).toContain('Left 1:00')
  expect(text()).not.toContain('Valid until')
  expect(tree.querySelectorAll('.ad, .code, .rules, .out, .action')).toHaveLength(0)
})

test('it counts down and is gone at its end', async () => {
  const { text, said } = shown({ expires_at: Date.now() + 10_500 })
  await vi.advanceTimersByTimeAsync(3_000)
  expect(text()).toContain('还剩 0:08')
  await vi.advanceTimersByTimeAsync(7_499)
  expect(text()).toContain('还剩 0:01')
  await vi.advanceTimersByTimeAsync(1)
  expect(text()).toBe('')
  expect(said).toEqual([])
})

test('the button and the escape key close it', () => {
  const first = shown()
  first.tree.querySelector<HTMLButtonElement>('.close')?.click()
  expect([first.text(), first.said]).toEqual(['', ['dismissed']])
  document.body.replaceChildren()
  const second = shown()
  second.tree.querySelector('.out')?.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }))
  expect([second.text(), second.said]).toEqual(['', ['dismissed']])
})

test('it counts as seen after a second of being half in sight, once', async () => {
  const { said } = shown()
  inSight(0.4)
  await vi.advanceTimersByTimeAsync(2_000)
  inSight(0.6)
  await vi.advanceTimersByTimeAsync(999)
  inSight(0.1)
  await vi.advanceTimersByTimeAsync(2_000)
  expect(said).toEqual([])
  inSight(1)
  await vi.advanceTimersByTimeAsync(1_000)
  expect(said).toEqual(['opened'])
  inSight(1)
  await vi.advanceTimersByTimeAsync(5_000)
  expect(said).toEqual(['opened'])
})

test('a page that nobody looks at shows nobody anything', async () => {
  vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden')
  const { said } = shown()
  inSight(1)
  await vi.advanceTimersByTimeAsync(5_000)
  expect(said).toEqual([])
  vi.restoreAllMocks()
  document.dispatchEvent(new Event('visibilitychange'))
  await vi.advanceTimersByTimeAsync(1_000)
  expect(said).toEqual(['opened'])
})

test('a link leads to a page or is none, and what a message says is text', () => {
  const base = 'https://shop.example/live'
  for (const bad of ['javascript:alert(1)', ' JavaScript:alert(1)', 'data:text/html,x', 'vbscript:x', '', 'https://']) {
    expect(safeLink(bad, base)).toBe(null)
  }
  expect(safeLink('/p/1', base)?.href).toBe('https://shop.example/p/1')
  const { tree, said } = shown({
    title: '<img src=x onerror=alert(1)>',
    action_label: 'buy',
    action_url: 'https://other.example/p/1',
  })
  expect(tree.querySelector('img')).toBe(null)
  const action = tree.querySelector<HTMLAnchorElement>('.action')
  expect([action?.href, action?.target, action?.rel]).toEqual([
    'https://other.example/p/1',
    '_blank',
    'noopener noreferrer',
  ])
  action?.addEventListener('click', (event) => {
    event.preventDefault() // the page of the test stays
  })
  action?.click()
  expect(said).toEqual(['clicked'])
  document.body.replaceChildren()
  expect(shown({ action_label: 'buy', action_url: 'javascript:alert(1)' }).tree.querySelector('.action')).toBe(null)
})

test('who opts out sees that it is being saved, and then that it holds', async () => {
  const { tree, cards, said, text } = shown()
  tree.querySelector<HTMLButtonElement>('.out')?.click()
  expect(tree.querySelector('.out')?.textContent).toBe('正在保存…')
  expect(said).toEqual(['opt_out'])
  cards.optedOut()
  expect(text()).toBe('')
  expect(tree.querySelector('.note')?.textContent).toContain('已保存')
  await vi.advanceTimersByTimeAsync(6_000)
  expect(tree.querySelector('.note')?.textContent).toBe('')
})

test('three cards are the most, and what is withdrawn goes', () => {
  const { cards, tree, one } = shown()
  for (const id of ['m2', 'm3', 'm4']) cards.show({ ...one, message: messageOf(id) })
  const titles = () => [...tree.querySelectorAll('h2')].map((title) => title.textContent)
  expect(titles()).toEqual(['title m2', 'title m3', 'title m4'])
  cards.hide('m3')
  expect(titles()).toEqual(['title m2', 'title m4'])
  cards.remove()
  expect(document.body.childElementCount).toBe(0)
})

const PRODUCTS = [
  { id: 'p1', title: '精华', link_number: 3, price_minor: 29_900, currency: 'CNY' },
  { id: 'p2', title: '口红', link_number: null, price_minor: null, currency: 'CNY' },
]
const LIST: Partial<Message> = { kind: 'hot_list', viewer: null, title: '', is_ad: false, offer: null, products: PRODUCTS }

test('a list is one line that opens; a newer one takes its place as open as it was', () => {
  const { cards, tree, one } = shown(LIST)
  const details = () => tree.querySelector('details') as HTMLDetailsElement
  expect(details().open).toBe(false)
  expect(tree.querySelector('summary')?.textContent).toBe('热销榜2')
  expect([...tree.querySelectorAll('li')].map((item) => item.textContent)).toEqual(['精华3号链接¥299.00', '口红'])
  expect(tree.querySelectorAll('button.product, .ad, .out, [role=timer]')).toHaveLength(0)
  details().open = true
  cards.show({ ...one, message: { ...one.message, id: 'm2', products: PRODUCTS.slice(1) } })
  expect(tree.querySelectorAll('li')).toHaveLength(1)
  expect(details().open).toBe(true)
  cards.show({ ...one, message: { ...one.message, id: 'm3', kind: 'recommended' } })
  expect(tree.querySelectorAll('details')).toHaveLength(2)
  cards.hide('m2')
  expect([...tree.querySelectorAll('summary')].map((line) => line.textContent)).toEqual(['主播推荐2'])
  vi.advanceTimersByTime(60_000)
  expect(tree.querySelector('details')).toBeNull()
})

test('a list that was closed stays closed; lists push no card away', () => {
  const { cards, tree, one } = shown(LIST)
  tree.querySelector<HTMLElement>('.list .close')?.click()
  cards.show({ ...one, message: { ...one.message, id: 'm2' } })
  expect(tree.querySelector('.list')).toBeNull()
  cards.show({ ...one, message: { ...one.message, id: 'm3', kind: 'recommended' } })
  for (const id of ['a', 'b', 'c']) cards.show({ ...one, message: messageOf(id) })
  expect(tree.querySelectorAll('section')).toHaveLength(4)
})

test('who chooses a product of a list is brought to it by the page', () => {
  const chosen: string[] = []
  const cards = new Cards('zh-CN', document.body, (id) => chosen.push(id))
  const nothing = () => undefined
  const message = messageOf('m1', LIST)
  cards.show({ message, now: () => Date.now(), opened: nothing, clicked: nothing, dismissed: nothing, optOut: nothing })
  document.body.firstElementChild?.shadowRoot?.querySelector<HTMLElement>('button.product')?.click()
  expect(chosen).toEqual(['p1'])
})

test('an answer is of the assistant, and neither an ad nor an offer', () => {
  const { tree, text } = shown({ kind: 'assistant', title: '', body: '敏感肌可用', is_ad: false, offer: null, why: '' })
  expect(tree.querySelector('h2')?.textContent).toBe('直播间助手')
  expect(text()).toContain('敏感肌可用')
  expect(tree.querySelectorAll('.ad, .out, [role=timer]')).toHaveLength(0)
})
