/** The default cards: in a shadow tree, so that neither the page's style nor ours reaches the other. */

import { whenSeen } from './exposure.ts'
import { isList, type Message, type Offer } from './inbox.ts'
import { safeLink } from './links.ts'
import { Lists } from './lists.ts'
import { made, moneyOf } from './parts.ts'
import { STYLE } from './style.ts'
import { textsOf, type Texts } from './texts.ts'

/** A message that is to be shown, and what the one who shows it says about it. */
export interface Shown {
  message: Message
  /** The server's clock, ms UTC. */
  now(): number
  /** It was in sight for a second. */
  opened(): void
  clicked(): void
  dismissed(): void
  /** No personal offers any more. */
  optOut(): void
}

const MOST_CARDS = 3
const NOTE_MS = 6_000

interface Card {
  element: HTMLElement
  isPersonal: boolean
  end(): void
}

export class Cards {
  private readonly texts: Texts
  private readonly host: HTMLElement
  private readonly note: HTMLElement
  private readonly cards = new Map<string, Card>()
  private readonly lists: Lists
  private noteTimer: ReturnType<typeof setTimeout> | undefined

  constructor(
    private readonly locale: string,
    container: HTMLElement,
    onProduct?: (id: string) => void,
  ) {
    this.texts = textsOf(locale)
    this.host = document.createElement('div')
    this.host.lang = locale
    const tree = this.host.attachShadow({ mode: 'open' })
    dress(tree)
    this.note = made('p', 'note', '')
    this.note.setAttribute('role', 'status')
    this.host.setAttribute('role', 'region')
    this.host.setAttribute('aria-label', this.texts.region)
    this.host.setAttribute('aria-live', 'polite')
    tree.append(this.note)
    this.lists = new Lists(this.note, this.texts, locale, onProduct)
    container.append(this.host)
  }

  show(shown: Shown): void {
    const { message } = shown
    if (isList(message)) {
      this.lists.show(message, shown.now())
      return
    }
    const [oldest] = this.cards.keys()
    if (oldest !== undefined && this.cards.size >= MOST_CARDS) this.hide(oldest)
    const element = made('section', '', '')
    const left = made('span', 'left', '')
    left.setAttribute('role', 'timer')
    left.setAttribute('aria-live', 'off') // nobody wants to hear every second
    const tick = () => {
      const leftMs = message.expires_at - shown.now()
      left.textContent = `${this.texts.left} ${clockOf(leftMs)}`
      if (leftMs <= 0) this.hide(message.id)
    }
    element.append(...this.parts(shown, left))
    element.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') this.dismiss(shown)
    })
    const timer = setInterval(tick, 1_000)
    const end = setTimeout(tick, Math.max(0, message.expires_at - shown.now()))
    const stopWatching = whenSeen(element, () => {
      shown.opened()
    })
    this.cards.set(message.id, {
      element,
      isPersonal: message.viewer !== null,
      end: () => {
        clearInterval(timer)
        clearTimeout(end)
        stopWatching()
      },
    })
    this.host.shadowRoot?.append(element)
    tick()
  }

  hide(id: string): void {
    this.lists.hide(id)
    const card = this.cards.get(id)
    card?.end()
    card?.element.remove()
    this.cards.delete(id)
  }

  /** What was for this person goes, and a word says that it holds. */
  optedOut(): void {
    for (const [id, card] of [...this.cards]) if (card.isPersonal) this.hide(id)
    this.say(this.texts.optedOut)
  }

  /** Everything goes; another person sits there. */
  clear(): void {
    for (const id of [...this.cards.keys()]) this.hide(id)
    this.lists.clear()
  }

  remove(): void {
    this.clear()
    clearTimeout(this.noteTimer)
    this.host.remove()
  }

  // -- parts

  private parts(shown: Shown, left: HTMLElement): HTMLElement[] {
    const { message } = shown
    const parts = [this.top(shown)]
    if (message.body) parts.push(made('p', '', message.body))
    if (message.kind !== 'assistant') parts.push(this.offer(message.offer, left))
    const action = message.action_label ? this.link('action', message.action_label, message.action_url) : null
    if (action !== null) {
      action.addEventListener('click', () => {
        shown.clicked()
      })
      parts.push(action)
    }
    if (message.why) parts.push(made('p', 'small', this.texts.why + message.why))
    // An answer to what somebody asked is no offer that they could want no more of.
    if (message.viewer !== null && message.kind !== 'assistant') parts.push(this.out(shown))
    return parts
  }

  private top(shown: Shown): HTMLElement {
    const top = made('div', 'top', '')
    const title = shown.message.kind === 'assistant' ? this.texts.assistant : shown.message.title
    if (shown.message.is_ad) top.append(made('span', 'ad', this.texts.ad))
    const close = made('button', 'close', '×')
    close.setAttribute('type', 'button')
    close.setAttribute('aria-label', this.texts.close)
    close.addEventListener('click', () => {
      this.dismiss(shown)
    })
    top.append(made('h2', '', title), close)
    return top
  }

  private offer(offer: Offer | null, left: HTMLElement): HTMLElement {
    const line = made('p', 'offer', '')
    if (offer !== null) {
      if (offer.amount_minor > 0) line.append(made('span', 'amount', this.money(offer)))
      line.append(made('span', '', offer.title))
      if (offer.valid_until > 0) line.append(made('span', '', `${this.texts.until} ${this.time(offer.valid_until)}`))
      if (offer.code) line.append(made('span', 'code', `${this.texts.code} ${offer.code}`))
    }
    line.append(left)
    const rules = offer === null ? null : this.link('rules', this.texts.rules, offer.rules_url)
    if (rules !== null) line.append(rules)
    return line
  }

  private out(shown: Shown): HTMLElement {
    const line = made('p', 'small', '')
    const out = made('button', 'out', this.texts.optOut)
    out.setAttribute('type', 'button')
    out.addEventListener('click', () => {
      out.textContent = this.texts.optingOut
      out.setAttribute('disabled', '')
      shown.optOut()
    })
    line.append(out)
    return line
  }

  private link(kind: string, label: string, to: string): HTMLAnchorElement | null {
    const address = safeLink(to, document.baseURI)
    if (address === null) return null
    const link = made('a', kind, label) as HTMLAnchorElement
    link.href = address.href
    if (kind === 'rules' || address.origin !== location.origin) {
      link.target = '_blank' // the broadcast goes on
      link.rel = 'noopener noreferrer'
    }
    return link
  }

  private money(offer: Offer): string {
    return moneyOf(offer.amount_minor, offer.currency, this.locale)
  }

  private time(at: number): string {
    return new Date(at).toLocaleString(this.locale, {
      month: 'numeric',
      day: 'numeric',
      hour: '2-digit',
      minute: '2-digit',
    })
  }

  private dismiss(shown: Shown): void {
    shown.dismissed()
    this.hide(shown.message.id)
  }

  private say(text: string): void {
    clearTimeout(this.noteTimer)
    this.note.textContent = text
    this.noteTimer = setTimeout(() => {
      this.note.textContent = ''
    }, NOTE_MS)
  }
}

/** Minutes and seconds, the last one whole: nothing says 0:00 while it holds. */
function clockOf(leftMs: number): string {
  const seconds = Math.max(0, Math.ceil(leftMs / 1_000))
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

/** A sheet that is made by a program needs no leave of the page's content policy. */
function dress(tree: ShadowRoot): void {
  if ('adoptedStyleSheets' in tree && 'replaceSync' in CSSStyleSheet.prototype) {
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(STYLE)
    tree.adoptedStyleSheets = [sheet]
    return
  }
  tree.append(Object.assign(document.createElement('style'), { textContent: STYLE }))
}
