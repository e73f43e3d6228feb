/** What a page gets: `connect`, and the types of what it says and is told. */

import { browserTransport } from './browser.ts'
import { Client, type Options } from './client.ts'
import type { Transport } from './ports.ts'

export { browserTransport, Client }
export type { Statistics } from './client.ts'
export type { Shown } from './cards.ts'
export type { BrowserEvents, OrderItem, Scalars } from './events.ts'
export type { AskToken, GivenToken } from './identity.ts'
export type { Message, Offer, Product } from './inbox.ts'
export type { LineState } from './live.ts'
export type { Answer, Asked, Heard, Line, Storage, Transport, Watcher } from './ports.ts'
export type { Place } from './presence.ts'
export type { Problem } from './sender.ts'
export type { Options }

/** Begin: the viewer is here. Outside of a browser say in which place it runs. */
export function connect(options: Options, transport: Transport = browserTransport()): Client {
  return new Client(options, transport)
}
