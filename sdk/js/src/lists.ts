/** What is hot in a room, and what its host recommends: each one line that opens. */

import type { Message, Product } from './inbox.ts'
import { made, moneyOf } from './parts.ts'
import type { Texts } from './texts.ts'

interface List {
  id: string
  element: HTMLElement
  end: ReturnType<typeof setTimeout>
}

export class Lists {
  private readonly byKind = new Map<string, List>()
  /** Kinds that nobody wants to see until the page is loaded anew. */
  private readonly closed = new Set<string>()

  /** Lists stand behind `before`. Without `onProduct` their products are words only. */
  constructor(
    private readonly before: HTMLElement,
    private readonly texts: Texts,
    private readonly locale: string,
    private readonly onProduct?: (id: string) => void,
  ) {}

  /** In place of the one of its kind, as open as that was. */
  show(message: Message, now: number): void {
    const { kind } = message
    if (this.closed.has(kind)) return
    const old = this.byKind.get(kind)
    const element = this.made(message, old?.element.querySelector('details')?.open ?? false)
    if (old === undefined) this.before.after(element)
    else old.element.replaceWith(element)
    clearTimeout(old?.end)
    const end = setTimeout(() => {
      this.drop(kind)
    }, message.expires_at - now)
    this.byKind.set(kind, { id: message.id, element, end })
  }

  hide(id: string): void {
    for (const [kind, list] of [...this.byKind]) if (list.id === id) this.drop(kind)
  }

  /** Another person sits there. */
  clear(): void {
    for (const kind of [...this.byKind.keys()]) this.drop(kind)
    this.closed.clear()
  }

  // -- parts

  private drop(kind: string): void {
    const list = this.byKind.get(kind)
    clearTimeout(list?.end)
    list?.element.remove()
    this.byKind.delete(kind)
  }

  private made({ kind, products }: Message, isOpen: boolean): HTMLElement {
    const title = kind === 'hot_list' ? this.texts.hotList : this.texts.recommended
    const element = made('section', 'list', '')
    const details = document.createElement('details')
    details.open = isOpen
    const line = made('summary', '', title)
    line.append(made('span', 'small', String(products.length)))
    const items = made('ol', '', '')
    for (const product of products) items.append(this.item(product))
    details.append(line, items)
    const close = made('button', 'close', '×')
    close.setAttribute('type', 'button')
    close.setAttribute('aria-label', `${this.texts.close} ${title}`)
    close.addEventListener('click', () => {
      this.closed.add(kind)
      this.drop(kind)
    })
    element.append(details, close)
    return element
  }

  private item(product: Product): HTMLElement {
    const { onProduct } = this
    const item = made('li', '', '')
    const name = made(onProduct === undefined ? 'span' : 'button', 'product', product.title)
    if (onProduct !== undefined) {
      name.setAttribute('type', 'button')
      name.addEventListener('click', () => {
        onProduct(product.id)
      })
    }
    item.append(name)
    if (product.link_number !== null) item.append(made('span', 'small', `${product.link_number}${this.texts.link}`))
    if (product.price_minor !== null) {
      item.append(made('span', 'price', moneyOf(product.price_minor, product.currency, this.locale)))
    }
    return item
  }
}
