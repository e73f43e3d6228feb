/** The client: what a page says, and what it is told. */

import { Cards, type Shown } from './cards.ts'
import type { BrowserEvents } from './events.ts'
import { Identity, type AskToken } from './identity.ts'
import { Inbox, type Message } from './inbox.ts'
import { Live, type LineState } from './live.ts'
import { Memory } from './memory.ts'
import type { Transport } from './ports.ts'
import { Presence, type Place } from './presence.ts'
import { Queue } from './queue.ts'
import type { Receipt } from './receipts.ts'
import { Sender, type Problem } from './sender.ts'

export interface Options {
  /** Where Qianmian is, such as https://live.shop.example. */
  url: string
  /** A key of the class `browser`. */
  key: string
  /** The room that the viewer is in; without it nothing is received. */
  room?: string
  /** Asks the shop's server for a viewer token; its answer may be null while nobody is signed in. */
  viewerToken?: AskToken
  /** Shows messages instead of the default cards. */
  onMessage?: (shown: Shown) => void
  /** A message must not be seen any more; only with `onMessage`. */
  onWithdrawn?: (id: string) => void
  /** Somebody chose a product of a list; without it the products of the default lists are words only. */
  onProduct?: (id: string) => void
  /** The server has it: no personal offers any more. */
  onOptedOut?: () => void
  /** The line of messages opened, broke, or was refused; `code` is the code of its close. */
  onState?: (state: LineState, code: number) => void
  /** Events were refused for good. */
  onProblem?: (problem: Problem) => void
  /** Language of the default cards; as the page says by itself. */
  locale?: string
  /** Where the default cards are put; the page's body by itself. */
  container?: HTMLElement
}

/** Counts since the start, and how many events wait. */
export interface Statistics {
  sent: number
  waiting: number
  refused: number
  givenUp: number
}

/** The fields of an event; nothing has to be said where none is required. */
type Fields<T> = Record<never, never> extends T ? [fields?: T] : [fields: T]

type Name = keyof BrowserEvents

const MOST_BEATS = 2

export class Client {
  private readonly stream: string
  private readonly memory: Memory
  private readonly queue: Queue
  private readonly identity: Identity
  private readonly sender: Sender
  private readonly presence: Presence
  private readonly inbox: Inbox
  private readonly live: Live | null
  private readonly unwatch: () => void
  private cards: Cards | null = null
  private next = 0
  private isHere = false

  constructor(
    private readonly options: Options,
    private readonly transport: Transport,
  ) {
    const url = options.url.replace(/\/+$/, '')
    const keyed = (path: string) => `${url}${path}?key=${encodeURIComponent(options.key)}`
    this.stream = transport.newStream()
    this.memory = new Memory(transport.storage, `qianmian:${options.key.slice(0, 12)}:`)
    this.queue = new Queue(this.memory, this.stream, transport.now())
    this.identity = new Identity(transport, this.memory, keyed('/v1/anonymous'), options.viewerToken ?? null)
    this.sender = new Sender(transport, this.queue, this.identity, keyed('/v1/events'), (problem) => {
      options.onProblem?.(problem)
    })
    this.presence = new Presence(transport, (beat) => {
      // The newest may be on its way; more would fill the queue of whoever has no network.
      const waiting = this.queue.all().filter((one) => one.event.type === 'heartbeat').length
      if (waiting < MOST_BEATS) this.track('heartbeat', beat)
    })
    this.inbox = new Inbox(this.memory, () => transport.now())
    this.live = options.room === undefined ? null : this.lineTo(url, options.room)
    this.unwatch = transport.watch({
      onActive: () => {
        this.presence.active()
      },
      onVisible: () => {
        if (this.isHere) this.presence.say()
      },
      onOnline: () => {
        this.identity.hurry()
        this.sender.hurry()
        this.live?.hurry()
      },
      onGone: () => {
        this.leave()
        this.sender.leave()
      },
      onBack: () => {
        this.enter()
      },
    })
    // What speaks to a screen reader must be there before it has something to say.
    this.cards = this.live === null ? null : this.newCards()
    this.enter()
    if (this.queue.length > 0) this.sender.noted()
  }

  /** Say what the viewer did. It is sent within a second, and again until the server has it. */
  track<N extends Name>(name: N, ...fields: Fields<BrowserEvents[N]>): void {
    const { room } = this.options
    const said = fields[0] ?? {}
    this.next += 1
    this.queue.add({
      owner: this.identity.owner,
      event: {
        ...said,
        type: name,
        ...(room === undefined ? {} : { room }),
        event_time: Math.round(this.transport.now()),
        stream: this.stream,
        seq: this.next,
      },
    })
    this.sender.noted()
  }

  /** What is on the screen from now on; heartbeats tell it. */
  at(place: Place): void {
    this.presence.place = place
    this.presence.active()
  }

  /** Somebody signed in or out: the page's server is asked again who it is. */
  identityChanged(): void {
    this.identity.forget()
    this.cards?.clear()
    this.live?.restart()
    if (this.isHere) this.track('room_entered', {})
  }

  /** No personal offers any more, over any channel; said until the server has confirmed it. */
  optOut(messageId = ''): void {
    this.live?.optOut(messageId)
  }

  /** Send now what waits; done when the server has it, or when it has to wait. */
  flush(): Promise<void> {
    return this.sender.flush()
  }

  statistics(): Statistics {
    const { sent, refused } = this.sender
    return { sent, refused, waiting: this.queue.length, givenUp: this.queue.givenUp }
  }

  /** The viewer leaves the room; nothing is received any more, and what waits is sent once more. */
  close(): void {
    this.leave()
    this.sender.leave()
    this.unwatch()
    this.sender.close()
    this.cards?.remove()
  }

  // -- parts

  private enter(): void {
    if (this.live === null || this.isHere) return
    this.isHere = true
    this.track('room_entered', {})
    this.presence.start()
    this.live.start()
  }

  private leave(): void {
    if (this.live === null || !this.isHere) return
    this.isHere = false
    this.presence.stop()
    this.live.stop()
    this.track('room_left', {})
  }

  private lineTo(url: string, room: string): Live {
    return new Live(this.transport, this.identity, this.memory, this.inbox, { url, room }, {
      onMessage: (message) => {
        this.show(message)
      },
      onWithdrawn: (id) => {
        this.cards?.hide(id)
        this.options.onWithdrawn?.(id)
      },
      onOptedOut: () => {
        this.cards?.optedOut()
        this.options.onOptedOut?.()
      },
      onState: (state, code) => {
        this.options.onState?.(state, code)
      },
    })
  }

  private show(message: Message): void {
    const said = new Set<Receipt>()
    const tell = (state: Receipt) => {
      if (said.has(state)) return
      said.add(state)
      this.live?.acknowledge(message, state)
    }
    const shown: Shown = {
      message,
      now: () => this.inbox.now(),
      opened: () => {
        tell('opened')
      },
      clicked: () => {
        tell('clicked')
      },
      dismissed: () => {
        tell('dismissed')
      },
      optOut: () => {
        this.optOut(message.id)
      },
    }
    if (this.options.onMessage !== undefined) {
      this.options.onMessage(shown)
      return
    }
    this.cards ??= this.newCards()
    this.cards?.show(shown)
  }

  /** Null outside of a page, and before it has a body. */
  private newCards(): Cards | null {
    const { onMessage, onProduct, container, locale } = this.options
    if (onMessage !== undefined || typeof document === 'undefined') return null
    const place = container ?? (document.body as HTMLElement | null)
    return place && new Cards(locale ?? (document.documentElement.lang || navigator.language), place, onProduct)
  }
}
