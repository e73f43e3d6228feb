import { useEffect } from 'react'
import { hasEnded } from '@/api/reading'
import { useOpenedLink } from '@/api/room-link'
import { StatusDot } from '@/components/status-dot'
import { useTexts } from '@/lib/language'
import { HostDesk, Online } from './host-desk'
import { usePrompts } from './host-api'

/** What the link of a room shows its host: the card, and nothing else of the shop. */
export function HostLinkPage() {
  const { t } = useTexts()
  const opened = useOpenedLink('host')
  return (
    <main className="host-stage" data-part="host">
      {opened.data && !hasEnded(opened.error) ? (
        <Stage room={opened.data.room} />
      ) : (
        <Said words={opened.isPending ? '' : t(hasEnded(opened.error) ? 'host.ended' : 'host.unreachable')} />
      )}
    </main>
  )
}

function Stage({ room }: { room: string }) {
  const { t } = useTexts()
  const found = usePrompts(room)
  useScreenThatStaysOn()
  if (hasEnded(found.error)) return <Said words={t('host.ended')} />
  return (
    <>
      <header className="host-head">
        <h1>{t('host.now')}</h1>
        <Online found={found} />
        <span className="quiet host-room">{room}</span>
        {found.isError && (
          <span role="status">
            <StatusDot status="bad" /> {t('host.unreachable')}
          </span>
        )}
      </header>
      <HostDesk room={room} canAnswer found={found} />
    </>
  )
}

function Said({ words }: { words: string }) {
  return (
    <p className="host-words host-said" role="status">
      {words}
    </p>
  )
}

/** A phone that goes dark while the host speaks is of no use; browsers allow this on https only. */
function useScreenThatStaysOn(): void {
  useEffect(() => {
    if (!('wakeLock' in navigator)) return
    const ask = () => {
      if (document.visibilityState === 'visible') navigator.wakeLock.request('screen').catch(() => undefined)
    }
    ask()
    document.addEventListener('visibilitychange', ask) // it ends whenever the page is hidden
    return () => document.removeEventListener('visibilitychange', ask)
  }, [])
}
