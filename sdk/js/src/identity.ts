/**
 * For whom the client speaks: the viewer of a token that the page gets from its own server, else
 * an anonymous id that Qianmian issued. Neither is ever in an address.
 */

import { backoffMs } from './backoff.ts'
import type { Memory } from './memory.ts'
import type { Transport } from './ports.ts'
import { claimsOf } from './tokens.ts'

/** `token` is "" for somebody who is anonymous; `viewer` is then "". */
export interface Who {
  /** Tells two people apart; kept beside events that wait. */
  owner: string
  viewer: string
  anonymousId: string
  token: string
  /** When to ask for another token, by the clock of the device; Infinity for an anonymous id. */
  renewAt: number
}

/** What the page's own server answered; null or "" for somebody who has not signed in. */
export type GivenToken = { token: string } | string | null

export type AskToken = () => Promise<GivenToken> | GivenToken

const RENEWED_AT = 0.8 // of its life
const ISSUED = 'anonymous'

export class Identity {
  private current: Who | null = null
  private asking: Promise<Who> | null = null
  private generation = 0
  private failures = 0
  private notBefore = 0

  constructor(
    private readonly transport: Transport,
    private readonly memory: Memory,
    private readonly issueUrl: string,
    private readonly askToken: AskToken | null,
  ) {
    const known = askToken === null ? memory.get(ISSUED) : null
    if (known) this.current = anonymous(known)
  }

  /** Who it is as far as that is known without asking; "" when it is not. */
  get owner(): string {
    return this.current?.owner ?? ''
  }

  /** Who it is, with a token that is still good. Rejects when nobody answers; ask again later. */
  who(): Promise<Who> {
    const now = this.transport.now()
    if (this.current !== null && now < this.current.renewAt) return Promise.resolve(this.current)
    if (this.asking !== null) return this.asking
    // Whoever asks in a loop must not ask the shop's server in a loop.
    if (now < this.notBefore) return Promise.reject(new Error('not yet'))
    const asking = this.found(this.generation)
    this.asking = asking
    const done = () => {
      if (this.asking === asking) this.asking = null
    }
    asking.then(done, done)
    return asking
  }

  /** A network is there again: nobody waits for an answer that failed without one. */
  hurry(): void {
    this.notBefore = 0
  }

  /** The server did not believe this; the next `who` asks for another. */
  refuse(refused: Who): void {
    if (this.current === null || this.current !== refused) return
    if (refused.token === '') {
      this.memory.remove(ISSUED)
      this.current = null
    } else this.current = { ...refused, renewAt: 0 }
  }

  /** Somebody signed in or out: nothing that is known holds any more. */
  forget(): void {
    this.generation += 1
    this.current = null
    this.asking = null
    this.failures = 0
    this.notBefore = 0
  }

  private async found(generation: number): Promise<Who> {
    try {
      const found = (await this.ofToken()) ?? (await this.ofAnonymous(generation))
      if (generation !== this.generation) return await this.who()
      this.current = found
      this.failures = 0
      return found
    } catch (problem) {
      if (generation === this.generation) {
        const waitMs = backoffMs(this.failures, this.transport.random())
        this.failures += 1
        this.notBefore = this.transport.now() + waitMs
      }
      throw problem
    }
  }

  private async ofToken(): Promise<Who | null> {
    const given = this.askToken === null ? null : await this.askToken()
    const token = typeof given === 'string' ? given : (given?.token ?? '')
    if (token === '') return null
    const claims = claimsOf(token)
    if (claims === null) throw new Error('not a viewer token')
    const { viewer } = claims
    const renewAt = this.transport.now() + claims.livesMs * RENEWED_AT
    return { owner: `v:${viewer}`, viewer, anonymousId: '', token, renewAt }
  }

  private async ofAnonymous(generation: number): Promise<Who> {
    const known = this.memory.get(ISSUED)
    if (known) return anonymous(known)
    const answer = await this.transport.request({ url: this.issueUrl, body: '{}' })
    const told = answer.status === 200 ? (JSON.parse(answer.body) as Record<string, unknown>) : {}
    const id = told['anonymous_id']
    if (typeof id !== 'string' || id === '') throw new Error(`no anonymous id: ${answer.status}`)
    if (generation === this.generation) this.memory.set(ISSUED, id)
    return anonymous(id)
  }
}

function anonymous(id: string): Who {
  return { owner: `a:${id}`, viewer: '', anonymousId: id, token: '', renewAt: Infinity }
}
