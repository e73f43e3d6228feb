import { useParams } from 'react-router'
import { useMay } from '@/api/session'
import { ProblemAlert } from '@/components/problem'
import { useTexts } from '@/lib/language'
import { HostDesk, Online } from './host-desk'
import { RoomLinksPanel } from './room-links'
import { RoomListsPanel } from './room-lists'
import { usePrompts } from './host-api'

/** The host's cards as the floor manager sees them, the links to them, and what viewers are listed. */
export function HostPage() {
  const { t } = useTexts()
  const { room = '' } = useParams()
  const may = useMay()
  const found = usePrompts(room)
  return (
    <div className="page host-page" data-part="host">
      <h1 className="quiet">
        {t('host.title')} <Online found={found} />
      </h1>
      {found.isError && <ProblemAlert error={found.error} onRetry={() => void found.refetch()} />}
      <HostDesk room={room} canAnswer={may('prompts.answer')} found={found} />
      {may('room_links.read') && <RoomLinksPanel room={room} />}
      <RoomListsPanel room={room} />
    </div>
  )
}
