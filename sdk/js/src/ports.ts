/**
 * What the client needs of the place in which it runs. `browser.ts` is the one for pages; a
 * mini-program brings its own (see the README). Timers are the global `setTimeout`.
 */

/** A POST. */
export interface Asked {
  url: string
  /** JSON, sent as text/plain: a page then needs no leave of the server before it asks. */
  body: string
}

/** An answer, whatever its status. A request that got none rejects. */
export interface Answer {
  status: number
  body: string
  /** The header of that name; null without it. */
  retryAfter: string | null
}

/** What a line says to the one who opened it. */
export interface Heard {
  onOpen(): void
  onFrame(text: string): void
  /** Called once, also when it never opened; 1006 is a line that broke. */
  onClose(code: number): void
}

/** An open way to the server. */
export interface Line {
  send(text: string): void
  close(): void
}

/** Where a little is kept over restarts. Each may throw: then nothing is kept any more. */
export interface Storage {
  get(name: string): string | null
  set(name: string, value: string): void
  remove(name: string): void
  names(): string[]
}

/** What happens around the client. */
export interface Watcher {
  /** The viewer did something. */
  onActive(): void
  onVisible(isVisible: boolean): void
  /** A network is there again. */
  onOnline(): void
  /** The page goes, perhaps for ever. */
  onGone(): void
  /** A page that went is there again as it was. */
  onBack(): void
}

/** The place in which a client runs. Units: ms. */
export interface Transport {
  request(asked: Asked): Promise<Answer>
  /** Send without waiting for an answer; false when that cannot be. */
  beacon(asked: Asked): boolean
  socket(url: string, heard: Heard): Line
  /** Server-sent events, for networks that let no socket through; null where there are none. */
  stream: ((url: string, heard: Heard) => Line) | null
  storage: Storage | null
  /** Begin to watch; the answer ends it. */
  watch(watcher: Watcher): () => void
  isVisible(): boolean
  now(): number
  /** From 0 to below 1. */
  random(): number
  /** 64 random bits as 16 hexadecimal digits. */
  newStream(): string
}
