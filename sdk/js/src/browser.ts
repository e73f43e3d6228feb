/** A page of a browser as the place in which the client runs. */

import type { Answer, Asked, Heard, Line, Storage, Transport, Watcher } from './ports.ts'

const TEXT = { 'content-type': 'text/plain' }
const ACTS = ['pointerdown', 'keydown', 'wheel', 'touchmove'] as const
const STREAM_BROKE = 1006

/** What a page has. */
export function browserTransport(): Transport {
  return {
    request,
    beacon: ({ url, body }) => navigator.sendBeacon(url, new Blob([body], { type: 'text/plain' })),
    socket,
    stream: typeof EventSource === 'undefined' ? null : stream,
    storage: storageOf(),
    watch,
    isVisible: () => document.visibilityState === 'visible',
    now: () => Date.now(),
    random: () => Math.random(),
    newStream: () => {
      const words = crypto.getRandomValues(new Uint32Array(2))
      return [...words].map((word) => word.toString(16).padStart(8, '0')).join('')
    },
  }
}

/** It outlives the page that asks, and takes no cookie along. */
async function request({ url, body }: Asked): Promise<Answer> {
  const asked: RequestInit = { method: 'POST', body, headers: TEXT, credentials: 'omit', keepalive: true }
  const answer = await fetch(url, asked)
  return { status: answer.status, body: await answer.text(), retryAfter: answer.headers.get('retry-after') }
}

function socket(url: string, heard: Heard): Line {
  const opened = new WebSocket(url)
  opened.onopen = () => {
    heard.onOpen()
  }
  opened.onmessage = (event) => {
    heard.onFrame(String(event.data))
  }
  opened.onclose = (event) => {
    heard.onClose(event.code)
  }
  return {
    send: (text) => {
      if (opened.readyState === WebSocket.OPEN) opened.send(text)
    },
    close: () => {
      opened.close(1000)
    },
  }
}

/** A ticket is good once, so that it must not come back by itself. */
function stream(url: string, heard: Heard): Line {
  const source = new EventSource(url)
  source.onopen = () => {
    heard.onOpen()
  }
  source.onmessage = (event) => {
    heard.onFrame(String(event.data))
  }
  source.onerror = () => {
    source.close()
    heard.onClose(STREAM_BROKE)
  }
  return {
    send: () => undefined,
    close: () => {
      source.close()
    },
  }
}

/** The storage of the page's origin; null where even asking for it is forbidden. */
function storageOf(): Storage | null {
  try {
    const kept = window.localStorage
    return {
      get: (name) => kept.getItem(name),
      set: (name, value) => {
        kept.setItem(name, value)
      },
      remove: (name) => {
        kept.removeItem(name)
      },
      names: () => Array.from({ length: kept.length }, (_, place) => kept.key(place) ?? ''),
    }
  } catch {
    return null
  }
}

function watch(watcher: Watcher): () => void {
  const ending = new AbortController()
  const how = { signal: ending.signal, passive: true, capture: true }
  const active = () => {
    watcher.onActive()
  }
  for (const name of ACTS) addEventListener(name, active, how)
  const online = () => {
    watcher.onOnline()
  }
  addEventListener('online', online, how)
  const seen = () => {
    watcher.onVisible(document.visibilityState === 'visible')
  }
  document.addEventListener('visibilitychange', seen, how)
  const gone = () => {
    watcher.onGone()
  }
  addEventListener('pagehide', gone, how)
  const back = (event: PageTransitionEvent) => {
    if (event.persisted) watcher.onBack()
  }
  addEventListener('pageshow', back, how)
  return () => {
    ending.abort()
  }
}
