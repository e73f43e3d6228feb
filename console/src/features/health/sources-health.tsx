import { Table, type TableColumnsType } from 'antd'
import type { SourceHealth } from '@/api/types'
import { StatusDot, type Status } from '@/components/status-dot'
import { reasonText } from '@/lib/reasons'
import { ago, count, delay, share } from '@/lib/format'
import { useLanguage, useTexts } from '@/lib/language'

const QUIET_MS = 60_000
const SLOW_MS = 5_000 // the default lateness: what comes later no longer moves the room

type State = 'never' | 'quiet' | 'slow' | 'refusing' | 'fine'

const DOTS: Record<State, Status> = {
  never: 'unknown',
  quiet: 'person',
  slow: 'person',
  refusing: 'bad',
  fine: 'good',
}

export function stateOf(source: SourceHealth, asOf: number): State {
  if (source.last_at === null) return 'never'
  if (source.rejected * 20 > source.events + source.rejected) return 'refusing'
  if (asOf - source.last_at > QUIET_MS) return 'quiet'
  return (source.delay_p95_ms ?? 0) > SLOW_MS ? 'slow' : 'fine'
}

export function SourcesHealth({ sources, asOf }: { sources: SourceHealth[]; asOf: number }) {
  const { t } = useTexts()
  const { language } = useLanguage()
  const inWords = (ms: number | null) => (ms === null ? '–' : delay(ms, language))
  const columns: TableColumnsType<SourceHealth> = [
    { title: t('health.sources.name'), dataIndex: 'name', width: 160, ellipsis: true },
    {
      title: t('health.sources.state'),
      width: 200,
      render: (_, source) => {
        const state = stateOf(source, asOf)
        return (
          <>
            <StatusDot status={DOTS[state]} /> {t(`health.state.${state}`)}
          </>
        )
      },
    },
    {
      title: t('health.sources.last'),
      width: 120,
      className: 'num',
      render: (_, { last_at }) => (last_at === null ? '–' : ago(asOf - last_at, language)),
    },
    {
      title: t('health.sources.events'),
      width: 120,
      align: 'right',
      className: 'num',
      render: (_, { events }) => count(events),
    },
    {
      title: t('health.sources.late'),
      width: 90,
      align: 'right',
      className: 'num',
      render: (_, { late }) => count(late),
    },
    {
      title: t('health.sources.duplicates'),
      width: 90,
      align: 'right',
      className: 'num',
      render: (_, { duplicates }) => count(duplicates),
    },
    {
      title: t('health.sources.delay'),
      width: 170,
      align: 'right',
      className: 'num',
      render: (_, source) => `${inWords(source.delay_p50_ms)} / ${inWords(source.delay_p95_ms)}`,
    },
    {
      title: t('health.sources.rejected'),
      width: 140,
      align: 'right',
      className: 'num',
      render: (_, { rejected, events }) =>
        rejected === 0 ? count(0) : `${count(rejected)} (${share(rejected, events + rejected)})`,
    },
    {
      title: t('health.sources.why'),
      render: (_, { rejected_by_code }) => (
        <ul className="quiet">
          {Object.entries(rejected_by_code)
            .sort(([, a], [, b]) => b - a)
            .map(([code, times]) => (
              <li key={code}>
                <b className="num">{count(times)}</b> {reasonText(code, language)}
              </li>
            ))}
        </ul>
      ),
    },
  ]
  return (
    <Table
      size="small"
      rowKey="name"
      columns={columns}
      dataSource={sources}
      pagination={false}
      scroll={{ x: 1180 }}
      locale={{ emptyText: <span className="quiet">{t('health.sources.none')}</span> }}
    />
  )
}
