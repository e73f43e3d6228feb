import type { Transport } from '../src/index.ts'

/** What it uses of WeChat's `wx`; the types of the mini-program's own project fit. */
export interface Wx {
  request(asked: {
    url: string
    method: 'POST'
    data: string
    header: Record<string, string>
    dataType: 'text'
    success(answer: { statusCode: number; data: unknown; header: Record<string, string> }): void
    fail(why: { errMsg: string }): void
  }): unknown
  connectSocket(asked: { url: string }): {
    send(said: { data: string }): void
    close(how: { code: number }): void
    onOpen(heard: () => void): void
    onMessage(heard: (message: { data: unknown }) => void): void
    onClose(heard: (how: { code: number }) => void): void
    onError(heard: () => void): void
  }
  getStorageSync(name: string): unknown
  setStorageSync(name: string, value: string): void
  removeStorageSync(name: string): void
  getStorageInfoSync(): { keys: string[] }
  onAppShow(heard: () => void): void
  offAppShow(heard: () => void): void
  onAppHide(heard: () => void): void
  offAppHide(heard: () => void): void
  onNetworkStatusChange(heard: (network: { isConnected: boolean }) => void): void
  offNetworkStatusChange(heard: (network: { isConnected: boolean }) => void): void
}

export function wechatTransport(wx: Wx): Transport {
  let isVisible = true
  const post = (url: string, body: string, heard: Pick<Parameters<Wx['request']>[0], 'success' | 'fail'>) =>
    wx.request({ url, method: 'POST', data: body, header: { 'content-type': 'text/plain' }, dataType: 'text', ...heard })
  return {
    request: ({ url, body }) =>
      new Promise((resolve, reject) => {
        post(url, body, {
          success: ({ statusCode, data, header }) => {
            const retryAfter = header['Retry-After'] ?? header['retry-after'] ?? null
            resolve({ status: statusCode, body: String(data), retryAfter })
          },
          fail: ({ errMsg }) => {
            reject(new Error(errMsg))
          },
        })
      }),
    // An app that goes to the background may send for five more seconds.
    beacon: ({ url, body }) => {
      post(url, body, { success: () => undefined, fail: () => undefined })
      return true
    },
    socket: (url, heard) => {
      const task = wx.connectSocket({ url })
      let isOver = false
      const over = (code: number) => {
        if (!isOver) heard.onClose(code)
        isOver = true
      }
      task.onOpen(() => {
        heard.onOpen()
      })
      task.onMessage(({ data }) => {
        heard.onFrame(String(data))
      })
      task.onClose(({ code }) => {
        over(code)
      })
      task.onError(() => {
        over(1006)
      })
      return {
        send: (data) => {
          task.send({ data })
        },
        close: () => {
          task.close({ code: 1000 })
        },
      }
    },
    stream: null,
    storage: {
      get: (name) => String(wx.getStorageSync(name) ?? '') || null,
      set: (name, value) => {
        wx.setStorageSync(name, value)
      },
      remove: (name) => {
        wx.removeStorageSync(name)
      },
      names: () => wx.getStorageInfoSync().keys,
    },
    watch: (watcher) => {
      const shown = () => {
        isVisible = true
        watcher.onVisible(true)
        watcher.onBack()
      }
      const hidden = () => {
        isVisible = false
        watcher.onGone()
      }
      const network = ({ isConnected }: { isConnected: boolean }) => {
        if (isConnected) watcher.onOnline()
      }
      wx.onAppShow(shown)
      wx.onAppHide(hidden)
      wx.onNetworkStatusChange(network)
      return () => {
        wx.offAppShow(shown)
        wx.offAppHide(hidden)
        wx.offNetworkStatusChange(network)
      }
    },
    isVisible: () => isVisible,
    now: () => Date.now(),
    random: () => Math.random(),
    newStream: () =>
      Array.from({ length: 4 }, () => Math.floor(Math.random() * 65_536).toString(16).padStart(4, '0')).join(''),
  }
}
