import { Skeleton, Table, type TableColumnsType } from 'antd'
import { Link } from 'react-router'
import { useShop } from '@/api/meta'
import type { EffectReport, Interval } from '@/api/types'
import { ModeTag } from '@/components/mode-tag'
import { Panel } from '@/components/panel'
import { ProblemAlert } from '@/components/problem'
import { count, dayAndClock, signed } from '@/lib/format'
import { useLanguage, useTexts } from '@/lib/language'
import { inWords, saysOf } from './effect-words'
import { useEffects } from './effects-api'
import { VerdictTag } from './verdict-tag'

/** Every strategy that has decided: whether it works, how sure that is, and of how many people it is known. */
export function EffectsPage() {
  const { t } = useTexts()
  const found = useEffects()
  const columns = useColumns(found.data ?? [])
  return (
    <div className="page">
      <h1>{t('effects.title')}</h1>
      <p className="quiet">{t('effects.intro')}</p>
      {found.isError && <ProblemAlert error={found.error} onRetry={() => void found.refetch()} />}
      {found.isPending && <Skeleton active />}
      {found.data && (
        <Panel title={t('effects.all')} note={t('effects.bar')} name="effects">
          <Table<EffectReport>
            size="small"
            rowKey="key"
            columns={columns}
            dataSource={found.data}
            pagination={false}
            scroll={{ x: 1080 }}
            locale={{ emptyText: <span className="quiet">{t('strategies.effect.nothing')}</span> }}
          />
        </Panel>
      )}
    </div>
  )
}

function useColumns(all: readonly EffectReport[]): TableColumnsType<EffectReport> {
  const { t } = useTexts()
  const { words } = useLanguage()
  const { zone } = useShop()
  const lifts = all.flatMap((one) => (one.found.effect.primary ? [one.found.effect.primary.absolute] : []))
  const most = Math.max(1e-9, ...lifts.flatMap(({ low, high }) => [Math.abs(low), Math.abs(high)]))
  return [
    {
      title: t('strategies.column.name'),
      width: 240,
      render: (_, one) => <Link to={`/effects/${encodeURIComponent(one.key)}`}>{words(one.names)}</Link>,
    },
    { title: t('strategies.column.mode'), width: 110, render: (_, one) => <ModeTag mode={one.mode} /> },
    { title: t('effects.column.verdict'), width: 130, render: (_, one) => <VerdictTag found={one.found} /> },
    {
      title: t('effects.column.lift'),
      width: 250,
      render: (_, { found }) => {
        const lift = found.effect.primary?.absolute
        const perMinute = found.slices?.more
        if (perMinute) {
          return <span className="num">{t('effects.slices.lift_is', { lift: inWords(t, perMinute, (value) => signed(value, 2)) })}</span>
        }
        if (!lift) return <span className="quiet">–</span>
        const [low, high] = [signed(100 * lift.low, 2), signed(100 * lift.high, 2)]
        return (
          <>
            <b className="num">{signed(100 * lift.value, 2)}</b>{' '}
            <span className="quiet num">
              [{low}, {high}]
            </span>
            <Bar lift={lift} most={most} isEnough={found.effect.primary?.is_enough ?? false} />
          </>
        )
      },
    },
    people(t('effects.column.treated'), (one) => one.found.effect.treated),
    people(t('effects.column.control'), (one) => one.found.effect.control),
    people(t('effects.column.waiting'), (one) => one.found.waiting),
    {
      title: t('effects.column.as_of'),
      width: 130,
      className: 'num',
      render: (_, { found }) => (found.as_of > 0 ? dayAndClock(found.as_of, zone) : '–'),
    },
  ]
}

function people(title: string, of: (one: EffectReport) => number): TableColumnsType<EffectReport>[number] {
  return { title, width: 90, align: 'right', className: 'num', render: (_, one) => count(of(one)) }
}

const [WIDTH, HALF] = [160, 78]

/** The interval beside 0, all on one scale; the numbers stand above it. */
function Bar({ lift, most, isEnough }: { lift: Interval; most: number; isEnough: boolean }) {
  const x = (value: number) => WIDTH / 2 + (value / most) * HALF
  return (
    <svg className={`effect-bar forest-${saysOf(lift, isEnough)}`} viewBox={`0 0 ${WIDTH} 18`} aria-hidden="true">
      <line className="chart-zero" x1={WIDTH / 2} x2={WIDTH / 2} y1={0} y2={18} />
      <line className="chart-interval" x1={x(lift.low)} x2={x(lift.high)} y1={9} y2={9} />
      <circle cx={x(lift.value)} cy={9} r={4} />
    </svg>
  )
}
