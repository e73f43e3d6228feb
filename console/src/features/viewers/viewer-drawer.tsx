import { useQuery } from '@tanstack/react-query'
import { Drawer, Skeleton } from 'antd'
import { useState } from 'react'
import { request } from '@/api/client'
import { useShop } from '@/api/meta'
import type { Viewer } from '@/api/types'
import { ProblemAlert } from '@/components/problem'
import { dayAndClock, duration } from '@/lib/format'
import { useTexts } from '@/lib/language'
import { useLook } from '@/lib/theme'
import { useNow } from '@/lib/use-now'
import { viewerLabel } from '@/lib/viewer-label'
import { Consent } from './consent'
import { Decided } from './decided'
import { Flags } from './flags'
import { Linked } from './linked'
import { LongHistory } from './long-history'
import { PersonFacts } from './person'
import { Reply } from './reply'
import { evidenceOf, Standing } from './standing'
import { Timeline } from './timeline'

const FIRST_VISIT = 'first_visit' // the moment by which the server says that nobody knew them before
const REFRESH_MS = 5_000 // the server reads the log for it

interface Props {
  room: string
  viewer: string | null
  onClose: () => void
}

export function ViewerDrawer({ room, viewer, onClose }: Props) {
  const { t } = useTexts()
  const { isWall } = useLook()
  return (
    <Drawer
      open={viewer !== null}
      onClose={onClose}
      size={isWall ? 760 : 560}
      title={viewer === null ? '' : t('viewer.title', { viewer: viewerLabel(viewer, t) })}
      destroyOnHidden
    >
      {viewer !== null && <ViewerCard room={room} viewer={viewer} />}
    </Drawer>
  )
}

function ViewerCard({ room, viewer }: { room: string; viewer: string }) {
  const path = `/api/rooms/${encodeURIComponent(room)}/viewers/${encodeURIComponent(viewer)}`
  const found = useQuery({
    queryKey: ['viewer', room, viewer],
    queryFn: () => request<Viewer>('GET', path),
    refetchInterval: REFRESH_MS,
  })
  if (found.data) {
    return (
      <>
        {found.isError && <ProblemAlert error={found.error} onRetry={() => void found.refetch()} />}
        <ViewerFacts viewer={found.data} />
      </>
    )
  }
  if (found.isError) return <ProblemAlert error={found.error} onRetry={() => void found.refetch()} />
  return <Skeleton active paragraph={{ rows: 10 }} />
}

function ViewerFacts({ viewer }: { viewer: Viewer }) {
  const { t } = useTexts()
  const { zone } = useShop()
  const now = useNow()
  const [chosen, setChosen] = useState<string | null>(null)
  const { person } = viewer
  const facts: [string, string][] = [
    [t('viewer.identity'), viewer.known ? viewer.viewer : t('viewer.unknown')],
    [t('viewer.presence'), viewer.present ? t('viewer.present') : t('viewer.gone')],
  ]
  if (viewer.entered_at !== null) {
    const isFirst = viewer.firings.some((firing) => firing.moment === FIRST_VISIT)
    const entered = dayAndClock(viewer.entered_at, zone)
    facts.push([t('viewer.entered'), isFirst ? t('viewer.first_visit', { time: entered }) : entered])
  }
  if (person.first_seen !== null) facts.push([t('viewer.person.first_seen'), dayAndClock(person.first_seen, zone)])
  if (person.visits > 0) {
    const since = dayAndClock(viewer.since, zone)
    facts.push([t('viewer.person.visits'), t('viewer.person.visits_since', { n: person.visits, time: since })])
  }
  if (viewer.last_seen !== null) facts.push([t('viewer.seen'), dayAndClock(viewer.last_seen, zone)])
  if (viewer.page) {
    const length = duration(now - viewer.page.since)
    facts.push([t('viewer.page'), t('viewer.page_for', { product: viewer.page.title || viewer.page.product, length })])
  }
  return (
    // what scrolls must be reached by the keyboard
    <div className="viewer" role="region" tabIndex={0} aria-label={t('viewer.title', { viewer: viewerLabel(viewer.viewer, t) })}>
      <dl className="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt className="quiet small">{name}</dt>
            <dd className="num">{value}</dd>
          </div>
        ))}
      </dl>
      {!person.is_profiled && <p className="notice gap">{t('viewer.no_profile')}</p>}
      <Flags viewer={viewer} />
      <Reply room={viewer.room} viewer={viewer.viewer} />
      <Decided room={viewer.room} viewer={viewer.viewer} />
      <Standing viewer={viewer.viewer} person={person} chosen={chosen} onChoose={setChosen} />
      <PersonFacts person={person} />
      <Linked linked={person.linked} />
      <Consent viewer={viewer.viewer} />
      <Timeline
        events={viewer.timeline}
        since={viewer.since}
        isWhole={viewer.whole}
        because={new Set(chosen === null ? viewer.firings.flatMap((one) => one.because) : evidenceOf(person, chosen))}
      />
      <LongHistory viewer={viewer.viewer} />
    </div>
  )
}
