/** What is kept over restarts: under one prefix, and in memory alone once the storage refuses. */

import type { Storage } from './ports.ts'

export class Memory {
  private readonly own = new Map<string, string>()
  private storage: Storage | null

  constructor(
    storage: Storage | null,
    private readonly prefix: string,
  ) {
    this.storage = storage
  }

  get(name: string): string | null {
    const kept = this.tried((storage) => storage.get(this.prefix + name))
    return kept === undefined ? (this.own.get(name) ?? null) : kept
  }

  set(name: string, value: string): void {
    this.own.set(name, value)
    this.tried((storage) => {
      storage.set(this.prefix + name, value)
    })
  }

  remove(name: string): void {
    this.own.delete(name)
    this.tried((storage) => {
      storage.remove(this.prefix + name)
    })
  }

  /** The names that begin so. */
  names(beginning: string): string[] {
    const all = this.tried((storage) =>
      storage.names().flatMap((name) => (name.startsWith(this.prefix) ? [name.slice(this.prefix.length)] : [])),
    )
    return (all ?? [...this.own.keys()]).filter((name) => name.startsWith(beginning))
  }

  /** A list kept as JSON; empty for what cannot be read. */
  list(name: string): unknown[] {
    try {
      const read: unknown = JSON.parse(this.get(name) ?? '[]')
      return Array.isArray(read) ? read : []
    } catch {
      return []
    }
  }

  /** A full or forbidden storage must not break the page, so it is left alone from then on. */
  private tried<T>(use: (storage: Storage) => T): T | undefined {
    if (this.storage === null) return undefined
    try {
      return use(this.storage)
    } catch {
      this.storage = null
      return undefined
    }
  }
}
