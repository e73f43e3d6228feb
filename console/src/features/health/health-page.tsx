import { useQuery } from '@tanstack/react-query'
import { Alert, Skeleton } from 'antd'
import { request } from '@/api/client'
import { useShop } from '@/api/meta'
import type { DataHealth } from '@/api/types'
import { Panel } from '@/components/panel'
import { ProblemAlert } from '@/components/problem'
import { Term } from '@/components/term'
import { clock, count, delay } from '@/lib/format'
import { useLanguage, useTexts } from '@/lib/language'
import { DeadLetterList } from './dead-letter-list'
import { SourcesHealth } from './sources-health'

const REFRESH_MS = 5_000

export function HealthPage() {
  const { t } = useTexts()
  const { zone } = useShop()
  const health = useQuery({
    queryKey: ['health'],
    queryFn: () => request<DataHealth>('GET', '/api/health/data'),
    refetchInterval: REFRESH_MS,
  })
  const { data } = health
  return (
    <div className={`page ${health.isError && data ? 'is-stale' : ''}`}>
      <header className="page-head">
        <h1>{t('health.title')}</h1>
        {data && <span className="quiet num">{t('health.as_of', { time: clock(data.as_of, zone) })}</span>}
      </header>
      {health.isError && <ProblemAlert error={health.error} onRetry={() => void health.refetch()} />}
      {health.isPending && <Skeleton active />}
      {data && (
        <>
          {data.engine.problem !== null && (
            <Alert type="error" showIcon title={t('health.problem')} description={data.engine.problem} />
          )}
          <HealthNumbers health={data} />
          <Panel title={t('health.sources.title')} note={t('health.sources.note')}>
            <SourcesHealth sources={data.sources} asOf={data.as_of} />
          </Panel>
          <DeadLetterList total={data.dead_letters} />
        </>
      )}
    </div>
  )
}

const ENGINE = ['viewers', 'accepted', 'late', 'duplicates', 'refused', 'overflow', 'waiting'] as const

function HealthNumbers({ health }: { health: DataHealth }) {
  const { t } = useTexts()
  const { language } = useLanguage()
  const numbers: [key: 'lag' | (typeof ENGINE)[number] | 'log', value: string][] = [
    ['lag', delay(health.engine.lag_ms, language)],
    ...ENGINE.map((key): [typeof key, string] => [key, count(health.engine[key])]),
    ['log', count(health.log.next_offset)],
  ]
  return (
    <div className="health-numbers">
      {numbers.map(([key, value]) => (
        <div className="panel key-number" key={key}>
          <div className="key-label">
            <Term meaning={t(`health.number.${key}.meaning`)}>{t(`health.number.${key}.name`)}</Term>
          </div>
          <div className="key-value num">{value}</div>
        </div>
      ))}
    </div>
  )
}
