import { createContext, useContext, useSyncExternalStore } from 'react'
import type { Connection, ConnectionState } from './connection'

export const LiveContext = createContext<Connection | null>(null)

export function useConnection(): Connection {
  const connection = useContext(LiveContext)
  if (!connection) throw new Error('this page needs <LiveContext>')
  return connection
}

export function useConnectionState(): ConnectionState {
  const connection = useConnection()
  return useSyncExternalStore(connection.watch, () => connection.state)
}
