/**
 * A stream of server-sent events that looks like a socket: what is said goes by requests, and what
 * the socket would have answered comes as a frame. A ticket is good once, so it never comes back by
 * itself.
 */

import type { Heard, Line, Transport } from './ports.ts'

const BROKE = 1006

interface Ticket {
  ticket: string
}

/**
 * Open one. `hello` is the first frame of a socket; `whose` are the fields of a hello that say for
 * whom the page speaks, and where.
 */
export function openStream(
  transport: Transport,
  url: string,
  hello: string,
  whose: Record<string, string>,
  heard: Heard,
): Line {
  let line: Line | null = null
  let isClosed = false
  const close = (code: number) => {
    if (isClosed) return
    isClosed = true
    line?.close()
    heard.onClose(code)
  }
  const onFrame = (text: string) => {
    if (!text.startsWith('{"type":"closed"')) heard.onFrame(text)
    else close(text.includes('"expired"') ? 4401 : BROKE)
  }
  const begin = async () => {
    const answer = await transport.request({ url: `${url}/live/ticket`, body: hello })
    if (isClosed || answer.status !== 200 || transport.stream === null) {
      close(4_000 + answer.status)
      return
    }
    const { ticket } = JSON.parse(answer.body) as Ticket
    const address = `${url}/live/stream?ticket=${encodeURIComponent(ticket)}`
    line = transport.stream(address, { onOpen: () => undefined, onFrame, onClose: close })
  }
  const broke = () => {
    close(BROKE)
  }
  begin().catch(broke)
  return {
    send: (text) => {
      const { type, id, state } = JSON.parse(text) as Record<string, string>
      if (type !== 'ack' && type !== 'opt_out') return // another token comes with the next ticket
      const said = { ...whose, id, state: state ?? type }
      transport.request({ url: `${url}/live/ack`, body: JSON.stringify(said) }).then((answer) => {
        if (type === 'opt_out' && answer.status === 200 && !isClosed) heard.onFrame('{"type":"opted_out"}')
        else if (answer.status >= 500 || answer.status === 401) close(4_000 + answer.status)
      }, broke)
    },
    close: () => {
      isClosed = true
      line?.close()
    },
  }
}
