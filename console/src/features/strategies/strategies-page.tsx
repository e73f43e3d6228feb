import { PlusOutlined } from '@ant-design/icons'
import { Button, Skeleton, Table, Tabs, type TableColumnsType } from 'antd'
import { Link, useNavigate, useSearchParams } from 'react-router'
import { useMay } from '@/api/session'
import type { StrategySummary } from '@/api/types'
import { Panel } from '@/components/panel'
import { ProblemAlert } from '@/components/problem'
import { ServerWords } from '@/components/server-words'
import { count } from '@/lib/format'
import { useLanguage, useTexts } from '@/lib/language'
import { LimitsPanel } from './limits-panel'
import { ModeTag } from '@/components/mode-tag'
import { OffersPanel } from './offers-panel'
import { useStrategies } from './strategies-api'
import { useStarts } from './strategy-starts'

/** What runs, what waits for approval, and what money and patience it may cost. */
export function StrategiesPage() {
  const { t } = useTexts()
  const may = useMay()
  const go = useNavigate()
  const [asked, setAsked] = useSearchParams()
  const tabs = [
    { key: 'strategies', label: t('strategies.tab.strategies'), children: <Lists /> },
    { key: 'offers', label: t('strategies.tab.offers'), children: <OffersPanel /> },
    { key: 'limits', label: t('strategies.tab.limits'), children: <LimitsPanel /> },
  ]
  return (
    <div className="page">
      <header className="page-head">
        <h1>{t('strategies.title')}</h1>
        {may('strategies.write') && (
          <Button type="primary" icon={<PlusOutlined />} onClick={() => void go('/strategies/new')}>
            {t('strategies.create')}
          </Button>
        )}
      </header>
      <p className="quiet">{t('strategies.intro')}</p>
      <Tabs
        activeKey={asked.get('tab') ?? 'strategies'}
        onChange={(tab) => setAsked({ tab })}
        destroyOnHidden
        items={tabs}
      />
    </div>
  )
}

function Lists() {
  const { t } = useTexts()
  const found = useStrategies()
  const columns = useColumns()
  if (found.isError) return <ProblemAlert error={found.error} onRetry={() => void found.refetch()} />
  if (!found.data) return <Skeleton active />
  const waiting = found.data.filter((one) => one.waiting !== null).length
  return (
    <>
      {waiting > 0 && (
        <p className="notice" data-part="waiting">
          <Link to="/approvals">{t('strategies.waiting', { n: count(waiting) })}</Link>
        </p>
      )}
      <Panel title={t('strategies.all')} note={t('strategies.today_note')} name="strategies">
        <StrategyTable strategies={found.data} columns={columns} />
      </Panel>
    </>
  )
}

function StrategyTable({ strategies, columns }: { strategies: StrategySummary[]; columns: TableColumnsType<StrategySummary> }) {
  const { t } = useTexts()
  return (
    <Table<StrategySummary>
      size="small"
      rowKey="key"
      columns={columns}
      dataSource={strategies}
      pagination={false}
      scroll={{ x: 820 }}
      locale={{ emptyText: <span className="quiet">{t('strategies.none')}</span> }}
    />
  )
}

function useColumns(): TableColumnsType<StrategySummary> {
  const { t } = useTexts()
  const { words } = useLanguage()
  const starts = useStarts()
  const shown = (one: StrategySummary) => (one.now ?? one.waiting ?? one.draft)?.strategy ?? one.of_file
  return [
    {
      title: t('strategies.column.name'),
      render: (_, one) => (
        <>
          <Link to={`/strategies/${encodeURIComponent(one.key)}`}>{words(one.names)}</Link>
          {one.of_file && <span className="quiet small"> {t('strategies.of_file')}</span>}
          {one.problem && <ServerWords words={one.problem} />}
        </>
      ),
    },
    {
      title: t('strategies.column.mode'),
      width: 170,
      render: (_, one) => (
        <>
          <ModeTag mode={one.mode} />
          {one.waiting && one.mode !== 'approval' && <ModeTag mode="approval" />}
          {one.draft && one.mode !== 'draft' && <ModeTag mode="draft" />}
        </>
      ),
    },
    { title: t('strategies.column.moment'), width: 160, render: (_, one) => starts(shown(one) ?? undefined) },
    number(t('strategies.column.acted'), (one) => one.today.acted + one.today.rehearsed),
    number(t('strategies.column.held_out'), (one) => one.today.held_out),
    number(t('strategies.column.suppressed'), (one) => one.today.suppressed),
  ]
}

function number(title: string, of: (one: StrategySummary) => number): TableColumnsType<StrategySummary>[number] {
  return { title, width: 110, align: 'right', className: 'num', render: (_, one) => count(of(one)) }
}
