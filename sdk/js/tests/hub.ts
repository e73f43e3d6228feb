/** A server of messages: keeps what has not expired for those who come, as the real one does. */

import type { Message } from '../src/inbox.ts'
import { answer, type FakeLine, type FakeTransport, type Respond } from './fakes.ts'

export function messageOf(id: string, fields: Partial<Message> = {}): Message {
  const now = Date.now()
  return {
    id,
    room: 'r1',
    viewer: 'member-7',
    kind: 'card',
    at: now,
    expires_at: now + 60_000,
    title: `title ${id}`,
    body: '',
    offer: null,
    action_label: '',
    action_url: '',
    is_ad: true,
    why: '',
    products: [],
    ...fields,
  }
}

export class FakeHub {
  readonly kept: Message[] = []
  readonly receipts: string[] = []
  /** The server's clock is so far ahead of the device's. */
  aheadMs = 0
  isUp = true

  now(): number {
    return Date.now() + this.aheadMs
  }

  /** Answer the newest line: let it in, and send what it has not had. */
  admit(line: FakeLine): void {
    if (!this.isUp) {
      line.heard.onClose(1006)
      return
    }
    line.isOpen = true
    line.heard.onOpen()
    const hello = JSON.parse(line.said[0] ?? '{}') as { last?: string[]; room?: string }
    this.say(line, { type: 'welcome', v: 1, room: hello.room, viewer: 'member-7', now: this.now(), expires_at: null })
    for (const one of this.kept) {
      if (one.expires_at > this.now() && !hello.last?.includes(one.id)) this.say(line, { type: 'message', ...one })
    }
  }

  /** Let in every line that waits for it. */
  admitAll(transport: FakeTransport): void {
    const line = transport.lines[transport.lines.length - 1]
    if (line !== undefined && !line.isOpen && line.said.length === 0 && !transport.isDead) this.admit(line)
  }

  publish(message: Message, line?: FakeLine): void {
    this.kept.push(message)
    if (line?.isOpen) this.say(line, { type: 'message', ...message })
  }

  say(line: FakeLine, frame: unknown): void {
    if (line.isOpen) line.heard.onFrame(JSON.stringify(frame))
  }
}

export const frames = (line: FakeLine): Record<string, unknown>[] =>
  line.said.map((text) => JSON.parse(text) as Record<string, unknown>)

/** All is well where events and ids are concerned. */
export const quiet: Respond = (asked) =>
  asked.url.includes('/v1/events')
    ? answer(200, { accepted: (JSON.parse(asked.body) as { events: unknown[] }).events.length, rejected: [] })
    : answer(200, { anonymous_id: 'qa1.of-this-server' })
