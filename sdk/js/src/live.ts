/**
 * The line on which messages come: a WebSocket, or where none gets through a stream of server-sent
 * events. It comes back by itself, unless the server said that it should not.
 */

import { backoffMs } from './backoff.ts'
import type { Identity, Who } from './identity.ts'
import { Inbox, isList, messageOf, type Message } from './inbox.ts'
import type { Memory } from './memory.ts'
import type { Line, Transport } from './ports.ts'
import { Receipts, type Receipt, type Said } from './receipts.ts'
import { openStream } from './stream.ts'

/** `refused`: it does not come back by itself. */
export type LineState = 'closed' | 'opening' | 'open' | 'refused'

export interface Listener {
  onMessage(message: Message): void
  onWithdrawn(id: string): void
  /** It holds from the next decision on. */
  onOptedOut(): void
  onState(state: LineState, code: number): void
}

const STAYS_AWAY = new Set([4403, 4404, 4429])
const WELCOME_WAIT_MS = 10_000
const STEADY_MS = 30_000 // a line that lasted so long was a good one
const BROKEN_SOCKETS = 2

export class Live {
  private state: LineState = 'closed'
  private line: Line | null = null
  private opening = 0 // of which attempt the answers are; what is older says nothing any more
  private attempt = 0
  private broken = 0
  private welcomeAt = 0
  private who: Who | null = null
  private isStream = false
  private readonly receipts: Receipts
  private again: ReturnType<typeof setTimeout> | undefined
  private renewal: ReturnType<typeof setTimeout> | undefined
  private patience: ReturnType<typeof setTimeout> | undefined

  constructor(
    private readonly transport: Transport,
    private readonly identity: Identity,
    memory: Memory,
    private readonly inbox: Inbox,
    private readonly address: { url: string; room: string },
    private readonly listener: Listener,
  ) {
    this.receipts = new Receipts(memory)
  }

  start(): void {
    if (this.state === 'opening' || this.state === 'open') return
    this.attempt = 0
    this.broken = 0
    void this.open()
  }

  stop(): void {
    this.end()
    this.who = null
    this.turn('closed', 1000)
  }

  /** Another person, or a network that is there again: what was open is worth nothing. */
  restart(): void {
    this.stop()
    this.start()
  }

  /** After a while without a network; what was refused stays so. */
  hurry(): void {
    if (this.state !== 'refused' && this.state !== 'closed') this.restart()
  }

  /** What became of a message; sent again with each new line, for each counts once. */
  acknowledge(message: Message, state: Receipt): void {
    const said = this.receipts.note(this.owner, message, state)
    if (this.state === 'open') this.tell(said)
  }

  /** The person wants no personal offers; said until the server has confirmed it. */
  optOut(messageId: string): void {
    this.receipts.optOut(this.owner, messageId)
    if (this.state === 'open') this.receipts.optOutOf(this.owner).forEach(this.tell)
  }

  private get owner(): string {
    return this.who?.owner ?? this.identity.owner
  }

  // -- opening

  private async open(): Promise<void> {
    this.end()
    const opening = this.opening
    this.turn('opening', 0)
    try {
      const who = await this.identity.who()
      if (opening !== this.opening) return
      this.who = who
      this.line = this.lineFor(who, opening)
      this.patience = setTimeout(() => {
        this.closed(1006)
      }, WELCOME_WAIT_MS)
    } catch {
      if (opening === this.opening) this.closed(1006)
    }
  }

  private lineFor(who: Who, opening: number): Line {
    const { url, room } = this.address
    const whose = { room, ...(who.token === '' ? { anonymous_id: who.anonymousId } : { token: who.token }) }
    const hello = JSON.stringify({ type: 'hello', v: 1, last: this.inbox.last(), ...whose })
    const isCurrent = () => opening === this.opening
    const heard = {
      onOpen: () => {
        if (isCurrent()) this.line?.send(hello)
      },
      onFrame: (text: string) => {
        if (isCurrent()) this.frame(text)
      },
      onClose: (code: number) => {
        if (isCurrent()) this.closed(code)
      },
    }
    this.isStream = this.transport.stream !== null && this.broken >= BROKEN_SOCKETS
    if (this.isStream) return openStream(this.transport, url, hello, whose, heard)
    return this.transport.socket(`${url.replace(/^http/, 'ws')}/live`, heard)
  }

  private end(): void {
    this.opening += 1
    for (const timer of [this.again, this.renewal, this.patience]) clearTimeout(timer)
    const line = this.line
    this.line = null
    line?.close()
  }

  private closed(code: number): void {
    const wasOpen = this.state === 'open'
    const lastedMs = this.transport.now() - this.welcomeAt
    this.end()
    if (STAYS_AWAY.has(code)) {
      this.turn('refused', code)
      return
    }
    if (code === 4401 && this.who !== null) this.identity.refuse(this.who)
    if (wasOpen && lastedMs >= STEADY_MS) this.attempt = 0
    // A network that lets no socket through breaks it before the welcome; then the ways take turns.
    if (wasOpen) this.broken = this.isStream ? BROKEN_SOCKETS : 0
    else if (code < 4_000) this.broken = this.isStream ? 0 : this.broken + 1
    this.turn('opening', code)
    const waitMs = backoffMs(this.attempt, this.transport.random())
    this.attempt += 1
    this.again = setTimeout(() => void this.open(), waitMs)
  }

  private turn(state: LineState, code: number): void {
    if (state === this.state) return
    this.state = state
    this.listener.onState(state, code)
  }

  // -- an open line

  private frame(text: string): void {
    let frame: Record<string, unknown>
    try {
      frame = JSON.parse(text) as Record<string, unknown>
    } catch {
      return
    }
    switch (frame['type']) {
      case 'welcome':
        this.welcomed(Number(frame['now']))
        break
      case 'message':
        this.take(messageOf(frame))
        break
      case 'withdrawn':
        this.listener.onWithdrawn(String(frame['id']))
        break
      case 'opted_out':
        this.optedOut()
        break
      default: // of a later version
    }
  }

  private welcomed(now: number): void {
    clearTimeout(this.patience)
    this.inbox.setNow(now)
    this.welcomeAt = this.transport.now()
    this.turn('open', 0)
    this.receipts.due(this.owner, this.inbox.now()).forEach(this.tell)
    this.renewLater()
  }

  private take(message: Message | null): void {
    if (message === null || message.room !== this.address.room || !this.inbox.takes(message)) return
    if (!isList(message)) this.acknowledge(message, 'delivered')
    this.listener.onMessage(message)
  }

  private readonly tell = (said: Said): void => {
    this.line?.send(JSON.stringify(said))
  }

  private optedOut(): void {
    this.receipts.optedOut()
    this.listener.onOptedOut()
  }

  private renewLater(): void {
    const renewAt = this.who?.renewAt ?? Infinity
    if (renewAt === Infinity || this.isStream) return // a stream ends, and its next ticket takes another
    this.renewal = setTimeout(
      () => void this.renew(this.opening),
      Math.max(1_000, renewAt - this.transport.now()),
    )
  }

  private async renew(opening: number): Promise<void> {
    let who: Who | null = null
    try {
      who = await this.identity.who()
    } catch {
      // The token lives a fifth longer: time to ask again.
    }
    if (opening !== this.opening) return
    if (who !== null && who.owner !== this.who?.owner) {
      this.restart()
      return
    }
    if (who !== null) {
      this.who = who
      this.line?.send(JSON.stringify({ type: 'token', token: who.token }))
    }
    this.renewLater()
  }
}
