import { useQuery } from '@tanstack/react-query'
import { Input, Skeleton } from 'antd'
import { useSearchParams } from 'react-router'
import { request } from '@/api/client'
import type { PersonPage } from '@/api/types'
import { Panel } from '@/components/panel'
import { ProblemAlert } from '@/components/problem'
import { useTexts } from '@/lib/language'
import { viewerLabel } from '@/lib/viewer-label'
import { Linked } from './linked'
import { PersonFacts } from './person'
import { Timeline } from './timeline'

const LONGEST = 256 // of an id, with the prefix of its namespace

/** Anybody of the shop by their id, whether or not they are in a room. */
export function PeoplePage() {
  const { t } = useTexts()
  const [search, setSearch] = useSearchParams()
  const viewer = search.get('viewer') ?? ''
  const find = (id: string) => setSearch(id.trim() === '' ? {} : { viewer: id.trim() })
  return (
    <div className="page">
      <h1>{t('people.title')}</h1>
      <Input.Search
        key={viewer}
        className="people-search"
        defaultValue={viewer}
        maxLength={LONGEST}
        allowClear
        aria-label={t('people.id')}
        placeholder={t('people.id')}
        enterButton={t('people.find')}
        onSearch={find}
      />
      <p className="quiet small">{t('people.hint')}</p>
      {viewer !== '' && <Found key={viewer} viewer={viewer} />}
    </div>
  )
}

function Found({ viewer }: { viewer: string }) {
  const { t } = useTexts()
  const found = useQuery({
    queryKey: ['person', viewer],
    queryFn: () => request<PersonPage>('GET', `/api/viewers/${encodeURIComponent(viewer)}`),
    retry: false,
  })
  if (found.isPending) return <Skeleton active />
  if (found.isError) return <ProblemAlert error={found.error} onRetry={() => void found.refetch()} />
  const { data } = found
  return (
    <Panel title={viewerLabel(data.viewer, t)} name="person">
      <PersonFacts person={{ ...data, since: data.whole && data.stored_at !== null ? null : data.since }} />
      <Linked linked={data.linked} />
      <Timeline events={data.timeline} since={data.since} isWhole={data.whole} because={new Set()} hasDays />
    </Panel>
  )
}
