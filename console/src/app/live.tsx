import { useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useEffect, useMemo } from 'react'
import { Connection, type Wire } from '@/lib/live/connection'
import { LiveContext } from '@/lib/live/live-context'

function openWebSocket(): Wire {
  const { protocol, host } = window.location
  return new WebSocket(`${protocol === 'https:' ? 'wss' : 'ws'}://${host}/ws`) as Wire
}

/** The one connection of this tab, while somebody is signed in. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const connection = useMemo(() => new Connection(openWebSocket), [])
  const cache = useQueryClient()
  useEffect(() => {
    connection.start()
    const online = () => connection.retryNow()
    window.addEventListener('online', online)
    // A refused handshake does not say why; the session does.
    const leave = connection.watch(() => {
      if (connection.state === 'down') void cache.invalidateQueries({ queryKey: ['session'] })
    })
    return () => {
      window.removeEventListener('online', online)
      leave()
      connection.stop()
    }
  }, [connection, cache])
  return <LiveContext value={connection}>{children}</LiveContext>
}
