/** Says every 15 s that the viewer is there, since when they did nothing, and whether they look. */

import type { Transport } from './ports.ts'

export const HEARTBEAT_MS = 15_000

/** What is on the screen; goes with each heartbeat. */
export interface Place {
  page?: string
  page_id?: string
  product?: string
}

export type Beat = Place & { idle_ms: number; visible: boolean }

export class Presence {
  place: Place = {}
  private activeAt: number
  private timer: ReturnType<typeof setInterval> | undefined

  constructor(
    private readonly transport: Transport,
    private readonly beat: (beat: Beat) => void,
  ) {
    this.activeAt = transport.now()
  }

  start(): void {
    this.stop()
    this.active()
    this.timer = setInterval(() => {
      this.say()
    }, HEARTBEAT_MS)
  }

  stop(): void {
    clearInterval(this.timer)
  }

  active(): void {
    this.activeAt = this.transport.now()
  }

  /** At once: looking away and coming back are told when they happen. */
  say(): void {
    const idleMs = Math.max(0, Math.round(this.transport.now() - this.activeAt))
    this.beat({ ...this.place, idle_ms: idleMs, visible: this.transport.isVisible() })
  }
}
