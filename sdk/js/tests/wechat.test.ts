/** The example for mini-programs before a fake of WeChat's `wx`: no page, no fetch, no WebSocket. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { wechatTransport, type Wx } from '../examples/wechat.ts'
import { connect } from '../src/index.ts'
import type { Shown } from '../src/cards.ts'
import { FakeIngest, OPTIONS } from './fakes.ts'
import { messageOf } from './hub.ts'

const GLOBALS = ['document', 'window', 'localStorage', 'fetch', 'WebSocket', 'EventSource', 'navigator', 'crypto', 'atob', 'URL']

beforeEach(() => {
  vi.useFakeTimers({ now: 1_800_000_000_000 })
  for (const name of GLOBALS) vi.stubGlobal(name, undefined)
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

type Task = ReturnType<Wx['connectSocket']>

class FakeWx implements Wx {
  readonly ingest = new FakeIngest()
  readonly kept = new Map<string, string>()
  readonly said: string[] = []
  show: () => void = () => undefined
  hide: () => void = () => undefined
  open: () => void = () => undefined
  frame: (message: { data: unknown }) => void = () => undefined
  end: (how: { code: number }) => void = () => undefined
  sockets = 0
  isOffline = false

  request(asked: Parameters<Wx['request']>[0]): void {
    if (this.isOffline) {
      asked.fail({ errMsg: 'request:fail' })
      return
    }
    const { url, data } = asked
    const told = Promise.resolve(this.ingest.respond({ url, body: data }))
    void told.then(({ status, body }) => {
      asked.success({ statusCode: status, data: body, header: {} })
    })
  }

  connectSocket(): Task {
    this.sockets += 1
    return {
      send: ({ data }) => this.said.push(data),
      close: () => undefined,
      onOpen: (heard) => (this.open = heard),
      onMessage: (heard) => (this.frame = heard),
      onClose: (heard) => (this.end = heard),
      onError: () => undefined,
    }
  }

  getStorageSync = (name: string): string => this.kept.get(name) ?? ''
  setStorageSync = (name: string, value: string): void => void this.kept.set(name, value)
  removeStorageSync = (name: string): void => void this.kept.delete(name)
  getStorageInfoSync = (): { keys: string[] } => ({ keys: [...this.kept.keys()] })
  onAppShow = (heard: () => void): void => void (this.show = heard)
  onAppHide = (heard: () => void): void => void (this.hide = heard)
  offAppShow = (): void => void (this.show = () => undefined)
  offAppHide = (): void => void (this.hide = () => undefined)
  onNetworkStatusChange = (): void => undefined
  offNetworkStatusChange = (): void => undefined
}

test('a mini-program tells, is told, and comes back from the background', async () => {
  const wx = new FakeWx()
  const shown: Shown[] = []
  const options = { ...OPTIONS, room: 'r1', onMessage: (one: Shown) => shown.push(one) }
  const client = connect(options, wechatTransport(wx))
  client.track('comment_sent', { text: '多少钱' })
  await vi.advanceTimersByTimeAsync(2_000)
  expect(wx.ingest.taken.map((one) => one['type'])).toEqual(['room_entered', 'comment_sent'])
  wx.open()
  wx.frame({ data: JSON.stringify({ type: 'welcome', now: Date.now() }) })
  wx.frame({ data: JSON.stringify({ type: 'message', ...messageOf('m1') }) })
  shown[0]?.opened()
  expect(wx.said.map((one) => (JSON.parse(one) as { state?: string }).state)).toEqual([
    undefined,
    'delivered',
    'opened',
  ])
  wx.hide()
  await vi.advanceTimersByTimeAsync(20)
  expect(wx.ingest.taken.at(-1)?.['type']).toBe('room_left')
  wx.show()
  await vi.advanceTimersByTimeAsync(2_000)
  expect(wx.ingest.taken.at(-1)?.['type']).toBe('room_entered')
  expect(wx.sockets).toBe(2)
})

test('without a network what was done is kept for the next start', async () => {
  const wx = new FakeWx()
  wx.isOffline = true
  connect(OPTIONS, wechatTransport(wx)).track('followed')
  await vi.advanceTimersByTimeAsync(5_000)
  vi.clearAllTimers()
  wx.isOffline = false
  connect(OPTIONS, wechatTransport(wx))
  await vi.advanceTimersByTimeAsync(2_000)
  expect(wx.ingest.taken.map((one) => one['type'])).toEqual(['followed'])
})

test('both READMEs hold the example as it was tested', () => {
  const root = join(import.meta.dirname, '..')
  const example = readFileSync(join(root, 'examples/wechat.ts'), 'utf-8').trim()
  for (const name of ['README.md', 'README.zh-CN.md']) {
    expect(readFileSync(join(root, name), 'utf-8')).toContain(example)
  }
})
