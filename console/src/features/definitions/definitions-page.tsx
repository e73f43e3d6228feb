import { PlusOutlined } from '@ant-design/icons'
import { Button, Input, Segmented, Skeleton } from 'antd'
import { useState } from 'react'
import { useNavigate } from 'react-router'
import type { Definition } from '@/api/types'
import { ProblemAlert } from '@/components/problem'
import { useLanguage, useTexts } from '@/lib/language'
import { DefinitionTable, stateOf } from './definition-table'
import { useDefinitions } from './definitions-api'
import { ListsPanel } from './lists-panel'
import { listOf, type PageKind } from './places'

const FILTERS = ['all', 'active', 'draft', 'retired'] as const
type Filter = (typeof FILTERS)[number]

/** All tags, or all segments. */
export function DefinitionsPage({ kind }: { kind: PageKind }) {
  const { t } = useTexts()
  const { words } = useLanguage()
  const go = useNavigate()
  const found = useDefinitions(kind)
  const [filter, setFilter] = useState<Filter>('all')
  const [wanted, setWanted] = useState('')
  const is = (one: Definition): boolean =>
    (filter === 'all' || stateOf(one) === filter || (filter === 'draft' && one.draft !== null)) &&
    `${one.key} ${words(one.names)} ${words(one.meaning)}`.toLowerCase().includes(wanted.trim().toLowerCase())
  return (
    <div className="page">
      <header className="page-head">
        <h1>{t(`definitions.title.${kind}`)}</h1>
        <Button type="primary" icon={<PlusOutlined />} onClick={() => void go(`${listOf(kind)}/new`)}>
          {t(`definitions.create.${kind}`)}
        </Button>
      </header>
      <p className="quiet">{t(`definitions.intro.${kind}`)}</p>
      {found.isError && <ProblemAlert error={found.error} onRetry={() => void found.refetch()} />}
      {found.isPending && <Skeleton active />}
      {found.data && (
        <section className="panel definition-lists">
          <div className="definition-filter">
            <Segmented<Filter>
              value={filter}
              onChange={setFilter}
              options={FILTERS.map((value) => ({ value, label: t(`definitions.filter.${value}`) }))}
            />
            <Input.Search
              allowClear
              placeholder={t('definitions.search')}
              aria-label={t('definitions.search')}
              onChange={({ target }) => setWanted(target.value)}
            />
          </div>
          {kind !== 'tag' ? (
            <DefinitionTable definitions={found.data.filter(is)} empty={t(`definitions.none.${kind}`)} kind={kind} />
          ) : (
            <Tiers tags={found.data.filter(is)} />
          )}
        </section>
      )}
      {kind === 'segment' && <ListsPanel />}
    </div>
  )
}

const TIERS = ['own', 'basic', 'behavior', 'value', 'predictive'] as const

/** Tags by their tier, those of the shop first. */
function Tiers({ tags }: { tags: Definition[] }) {
  const { t } = useTexts()
  if (tags.length === 0) return <DefinitionTable definitions={[]} empty={t('definitions.none.tag')} kind="tag" />
  return TIERS.map((tier) => {
    const own = tags.filter((tag) => (tag.tier ?? 'own') === tier)
    if (own.length === 0) return null
    return (
      <section key={tier} data-part={`tier-${tier}`}>
        <h2>{t(`definitions.tiers.${tier}`)}</h2>
        <DefinitionTable definitions={own} empty="" kind="tag" />
      </section>
    )
  })
}
