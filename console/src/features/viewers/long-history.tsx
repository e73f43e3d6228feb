import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { request } from '@/api/client'
import type { PersonPage } from '@/api/types'
import { ProblemAlert } from '@/components/problem'
import { useTexts } from '@/lib/language'
import { Timeline } from './timeline'

/** Everything of all rooms, read when somebody asks: the server looks through its files for it. */
export function LongHistory({ viewer }: { viewer: string }) {
  const { t } = useTexts()
  const [isOpen, setOpen] = useState(false)
  const found = useQuery({
    queryKey: ['person', viewer],
    queryFn: () => request<PersonPage>('GET', `/api/viewers/${encodeURIComponent(viewer)}`),
    enabled: isOpen,
  })
  return (
    <section data-part="long-history">
      <button type="button" className="link" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {t(isOpen ? 'viewer.person.all_rooms_hide' : 'viewer.person.all_rooms')}
      </button>
      {isOpen && found.isError && <ProblemAlert error={found.error} onRetry={() => void found.refetch()} />}
      {isOpen && found.isPending && <p className="quiet">{t('viewer.person.all_rooms_reading')}</p>}
      {isOpen && found.data && (
        <Timeline
          events={found.data.timeline}
          since={found.data.since}
          isWhole={found.data.whole}
          because={new Set()}
          hasDays
        />
      )}
    </section>
  )
}
