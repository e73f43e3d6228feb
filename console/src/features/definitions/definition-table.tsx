import { Empty, Table, Tag, type TableColumnsType } from 'antd'
import { Link } from 'react-router'
import { useShop } from '@/api/meta'
import type { Definition, DefinitionKind } from '@/api/types'
import { StatusDot, type Status } from '@/components/status-dot'
import { clock, count, dayAndClock } from '@/lib/format'
import { useLanguage, useTexts } from '@/lib/language'
import { pageOf } from './places'
import { useTagHealth } from './tag-health-api'
import { Suggested } from './tag-health-panel'
import { UsedBy } from './used-by'

type Column = TableColumnsType<Definition>[number]
type State = 'active' | 'draft' | 'retired'

const ROOMS_SHOWN = 3

const DOTS: Record<State, Status> = { active: 'good', draft: 'person', retired: 'unknown' }

export function stateOf({ now, draft }: Definition): State {
  if (now) return 'active'
  return draft ? 'draft' : 'retired'
}

interface Props {
  definitions: Definition[]
  empty: string
  kind: DefinitionKind
}

/** What holds, what it means, who uses it, and of how many viewers it holds now. */
export function DefinitionTable({ definitions, empty, kind }: Props) {
  const { t } = useTexts()
  const { words } = useLanguage()
  const { zone } = useShop()
  const health = useTagHealth(kind === 'tag').data
  const healthy: Column = {
    title: t('tag_health.title'),
    width: 160,
    render: (_, one) => {
      const found = one.now && health?.find(({ key }) => key === one.key)
      return found ? <Suggested health={found} /> : <span className="quiet">–</span>
    },
  }
  const holding: Column = {
    title: t('definitions.holding'),
    width: 130,
    align: 'right',
    className: 'num',
    render: (_, { holding, enough }) =>
      holding ? (
        <>
          <span title={t('definitions.of_live', { n: count(holding.live) })}>{count(holding.present)}</span>
          {enough && <div className="quiet small">{t('definitions.enough', { n: count(enough.present) })}</div>}
        </>
      ) : (
        '–'
      ),
  }
  const fired: Column = {
    title: t('definitions.fired'),
    width: 170,
    align: 'right',
    className: 'num',
    render: (_, one) =>
      one.fired.length === 0 ? (
        <span className="quiet">–</span>
      ) : (
        <>
          {count(one.fired.reduce((all, { count: n }) => all + n, 0))}
          {one.fired.slice(0, ROOMS_SHOWN).map((each) => (
            <div key={each.room} className="quiet small">
              {each.room} {count(each.count)}
            </div>
          ))}
        </>
      ),
  }
  const columns: TableColumnsType<Definition> = [
    {
      title: t('definitions.name'),
      width: 210,
      render: (_, one) => (
        <>
          <Link to={pageOf(one)}>{words(one.names)}</Link>
          {one.now && one.draft && <Tag className="draft-mark">{t('definitions.has_draft')}</Tag>}
          <div className="quiet small">{words(one.meaning)}</div>
        </>
      ),
    },
    {
      title: t('definitions.sentence'),
      render: (_, one) => {
        const sentence = (one.now ?? one.draft)?.sentence
        if (!sentence) return <span className="quiet">{t('definitions.not_understood')}</span>
        const numbers = one.parameters.map(({ names, value }) => `${words(names)} ${words(value)}`)
        return (
          <>
            {words(sentence)}
            {numbers.length > 0 && <div className="quiet small num">{numbers.join(' · ')}</div>}
          </>
        )
      },
    },
    kind === 'moment' ? fired : holding,
    ...(kind === 'tag' ? [healthy] : []),
    {
      title: t('definitions.state'),
      width: 220,
      render: (_, one) => (
        <>
          <StatusDot status={DOTS[stateOf(one)]} /> {t(`definitions.states.${stateOf(one)}`)}
          {one.built_in && one.now?.made_at === 0 && <span className="quiet"> · {t('definitions.built_in')}</span>}
          {one.freshness && <span className="quiet"> · {t(`definitions.freshness.${one.freshness}`)}</span>}
          {one.counting && (
            <div className="quiet small">
              {t(one.counting.backfilled ? 'definitions.counting_backfilled' : 'definitions.counting', {
                at: clock(one.counting.since, zone),
              })}
            </div>
          )}
        </>
      ),
    },
    {
      title: t('definitions.used_by'),
      width: 150,
      render: (_, { used_by }) => <UsedBy users={used_by} />,
    },
    {
      title: t('definitions.changed'),
      width: 150,
      render: (_, one) => {
        const newest = one.draft ?? one.now
        if (!newest || newest.made_at === 0) return <span className="quiet">–</span>
        return (
          <>
            <div className="nowrap num">{dayAndClock(newest.made_at, zone)}</div>
            <div className="quiet small">{newest.made_by}</div>
          </>
        )
      },
    },
  ]
  return (
    <Table<Definition>
      size="small"
      rowKey={({ kind, key }) => `${kind} ${key}`}
      columns={columns}
      dataSource={definitions}
      pagination={definitions.length > 50 ? { pageSize: 50 } : false}
      scroll={{ x: 1100 }}
      locale={{ emptyText: <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={empty} /> }}
    />
  )
}
