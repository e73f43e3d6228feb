import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Connection, type Wire } from '@/lib/live/connection'

class FakeWire implements Wire {
  onopen: (() => void) | null = null
  onclose: (() => void) | null = null
  onmessage: ((event: { data: unknown }) => void) | null = null
  sent: Record<string, unknown>[] = []
  isClosed = false
  send(text: string) {
    this.sent.push(JSON.parse(text))
  }
  close() {
    this.isClosed = true
  }
  says(message: object) {
    this.onmessage?.({ data: JSON.stringify(message) })
  }
  get asked() {
    return this.sent.filter((message) => message['op'] === 'subscribe').map((message) => message['after'])
  }
}

let wires: FakeWire[]
let heard: unknown[]
let connection: Connection

const last = () => wires.at(-1) as FakeWire
const snapshot = (seq: number) => last().says({ op: 'snapshot', topic: 'room:a', seq, data: `s${seq}` })
const delta = (seq: number) => last().says({ op: 'delta', topic: 'room:a', seq, data: `d${seq}` })

beforeEach(() => {
  vi.useFakeTimers()
  wires = []
  heard = []
  connection = new Connection(
    () => {
      wires.push(new FakeWire())
      return last()
    },
    () => 1, // the longest pause
  )
  connection.start()
  connection.subscribe('room:a', {
    onSnapshot: (_, data) => heard.push(data),
    onDelta: (_, data) => heard.push(data),
    onError: (code) => heard.push(code),
  })
})

afterEach(() => {
  connection.stop()
  vi.useRealTimers()
})

test('asks for everything at first, and hears the deltas in order', () => {
  last().onopen?.()
  expect(last().asked).toEqual([null])
  snapshot(7)
  delta(8)
  delta(9)
  expect(heard).toEqual(['s7', 'd8', 'd9'])
})

test('a repeated delta is heard once', () => {
  last().onopen?.()
  snapshot(7)
  delta(8)
  delta(8)
  delta(7)
  expect(heard).toEqual(['s7', 'd8'])
})

test('a hole is never papered over: a new snapshot is asked for, once, and awaited', () => {
  last().onopen?.()
  snapshot(7)
  delta(9)
  delta(10)
  delta(11)
  expect(last().asked).toEqual([null, null])
  expect(heard).toEqual(['s7'])
  snapshot(12)
  delta(13)
  expect(heard).toEqual(['s7', 's12', 'd13'])
})

test('after a break it resumes where it was', () => {
  last().onopen?.()
  snapshot(7)
  delta(8)
  last().onclose?.()
  expect(connection.state).toBe('down')
  vi.advanceTimersByTime(500)
  last().onopen?.()
  expect(connection.state).toBe('open')
  expect(last().asked).toEqual([8])
  delta(9)
  expect(heard).toEqual(['s7', 'd8', 'd9'])
})

test('a server that began anew sends a smaller number, and is believed', () => {
  last().onopen?.()
  snapshot(700)
  last().onclose?.()
  vi.advanceTimersByTime(500)
  last().onopen?.()
  snapshot(3)
  delta(4)
  expect(heard).toEqual(['s700', 's3', 'd4'])
})

test('the pauses grow to eight seconds and no further, and end with success', () => {
  const pauses: number[] = []
  for (let n = 0; n < 7; n += 1) {
    last().onclose?.()
    const before = wires.length
    let waited = 0
    while (wires.length === before && waited < 60_000) {
      vi.advanceTimersByTime(100)
      waited += 100
    }
    pauses.push(waited)
  }
  expect(pauses).toEqual([500, 1000, 2000, 4000, 8000, 8000, 8000])
  last().onopen?.()
  last().onclose?.()
  const before = wires.length
  vi.advanceTimersByTime(500)
  expect(wires).toHaveLength(before + 1)
})

test('a connection that says nothing is given up, though it never closes', () => {
  last().onopen?.()
  snapshot(7)
  vi.advanceTimersByTime(20_000)
  expect(last().sent.filter((message) => message['op'] === 'ping')).toHaveLength(2)
  expect(connection.state).toBe('open')
  vi.advanceTimersByTime(10_000)
  expect(connection.state).toBe('down')
  expect(wires[0]?.isClosed).toBe(true)
})

test('an answer to the ping keeps it alive', () => {
  last().onopen?.()
  for (let n = 0; n < 12; n += 1) {
    vi.advanceTimersByTime(10_000)
    last().says({ op: 'pong', at: 0 })
  }
  expect(connection.state).toBe('open')
  expect(wires).toHaveLength(1)
})

describe('topics', () => {
  test('one that is left is told so, and hears no more', () => {
    last().onopen?.()
    const leave = connection.subscribe('health', {
      onSnapshot: (_, data) => heard.push(data),
      onDelta: () => undefined,
      onError: () => undefined,
    })
    leave()
    last().says({ op: 'snapshot', topic: 'health', seq: 1, data: 'h' })
    expect(heard).toEqual([])
    expect(last().sent.at(-1)).toEqual({ op: 'unsubscribe', topic: 'health' })
  })

  test('a refusal reaches its topic', () => {
    last().onopen?.()
    last().says({ op: 'error', topic: 'room:a', code: 'unknown_room', detail: '' })
    expect(heard).toEqual(['unknown_room'])
  })

  test('one connection carries them all', () => {
    connection.subscribe('room:b', { onSnapshot: () => undefined, onDelta: () => undefined, onError: () => undefined })
    connection.start()
    expect(wires).toHaveLength(1)
    last().onopen?.()
    expect(last().sent.map((message) => message['topic'])).toEqual(['room:a', 'room:b'])
  })
})
